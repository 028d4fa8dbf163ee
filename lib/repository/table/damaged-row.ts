/** Damaged rows: what is under a record's key and cannot be read, as far as it can be told what goes with it. */
import { importRevisionMax } from "../../limits/index.js";
import { chunkRange, expiryOfRecord } from "../../records/index.js";
import { type ReadTransaction, readRows } from "../../transaction/index.js";
import { readEnvelope } from "../../value/index.js";

/** A row that cannot be read, and can be removed and replaced. */
export interface DamagedRow {
  /** What reading it throws. */
  readonly damage: unknown;
  /** Bytes of its rows as they are now, keys and values. */
  readonly bytes: number;
  /** As its head says it; 0 where the head cannot be read either. */
  readonly revision: number;
  /** As its head says it; undefined where that says nothing. */
  readonly expiresAt: number | undefined;
}

export const isDamaged = (held: object | undefined): held is DamagedRow => held !== undefined && "damage" in held;

function revisionOf(row: Uint8Array): number {
  try {
    const { revision } = readEnvelope(row);
    return revision <= importRevisionMax ? revision : 0;
  } catch {
    return 0;
  }
}

/** What there is of a row whose reading threw `damage`: its chunks are counted, in one range read. */
export async function damagedRow(
  transaction: ReadTransaction,
  { entity, key, id }: { readonly entity: string; readonly key: Uint8Array; readonly id: Uint8Array },
  row: Uint8Array,
  damage: unknown,
): Promise<DamagedRow> {
  // The conflict is on the record's key, which is written with its chunks.
  const rows = await readRows(transaction, chunkRange(entity, id), { snapshot: true });
  let bytes = key.length + row.length;
  for (const [chunkKey, chunk] of rows) bytes += chunkKey.length + chunk.length;
  return { damage, bytes, revision: revisionOf(row), expiresAt: expiryOfRecord(row) };
}
