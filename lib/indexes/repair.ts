/** Repairing: entries that no record has are removed, and those that a record lacks are written. */
import { recordAt } from "../records/index.js";
import type { AnyEntity, EntityModel, IndexModel } from "../schema/index.js";
import type { TenantTransaction } from "../transaction/index.js";
import { equalBytes } from "../tuple/index.js";
import type { EntryRules } from "./build.js";
import { heldEntriesOf, holderOf } from "./entry.js";
import { wrongEntry } from "./entry-check.js";

/** Puts the entry under a key right, or removes it, when it is still wrong. Two gets. */
export async function repairEntry<E extends AnyEntity>(
  model: EntityModel<E>,
  index: IndexModel,
  transaction: TenantTransaction,
  key: Uint8Array,
): Promise<void> {
  const value = await transaction.get(key);
  const wrong = value === undefined ? undefined : await wrongEntry(model, index, transaction, key, value);
  if (wrong === undefined) return;
  if (wrong.right === undefined) transaction.clear(key);
  else transaction.set(key, wrong.right);
}

/**
 * Writes the entries that a record lacks in an index; whether it has all of them then. One that another record has stays
 * with that. One get, and one for each entry.
 */
export async function restoreEntries<E extends AnyEntity>(
  model: EntityModel<E>,
  index: IndexModel,
  transaction: TenantTransaction,
  packed: Uint8Array,
  { isFree, assertFits }: EntryRules,
): Promise<boolean> {
  const found = await recordAt(model, transaction, packed);
  if (found === undefined) return true;
  if ("error" in found) return false;
  const entries = heldEntriesOf(model.name, index, found.record, packed);
  let whole = entries.every(({ unfit }) => unfit === undefined);
  for (const entry of whole ? entries : []) {
    const held = await transaction.get(entry.key);
    if (held !== undefined && equalBytes(held, entry.value)) continue;
    if (entry.taken) {
      // Another may have what an expired record had.
      if (isFree(entry.value)) continue;
      if (held !== undefined && !isFree(held) && !equalBytes(holderOf(held), packed)) {
        whole = false;
        continue;
      }
    }
    try {
      assertFits(index.name, entry);
    } catch {
      whole = false;
      continue;
    }
    transaction.set(entry.key, entry.value);
  }
  return whole;
}
