/** Recounts: an entity's aggregates counted anew from its records, step by step while writers go on. */
import { AggregateCount, type UncountedRecord } from "../../aggregates/index.js";
import { tenantryError } from "../../errors/index.js";
import { migrationFailuresMax } from "../../limits/index.js";
import type { AnyEntity } from "../../schema/index.js";
import type { RecordTable } from "../table/record-table.js";
import { type Transact, takeSteps } from "./steps.js";

/** What a recount came to. */
export interface Recounted {
  /** How many records could not be counted: totals are then as they were. */
  readonly failed: number;
  /** The first of them. */
  readonly uncounted: readonly UncountedRecord[];
}

/**
 * Counts the aggregates of an entity, all or those that cannot be read yet, and lets queries read them.
 *
 * @throws INDEX_BUILD_OVERTAKEN when a program without one of them wrote meanwhile
 */
export async function recount<E extends AnyEntity>(
  table: RecordTable<E>,
  transact: Transact,
  which: "all" | "unreadable",
  onRecords: (records: number) => void | Promise<void> = () => {},
): Promise<Recounted> {
  const count = new AggregateCount(table.model, (key) => table.assertKeyFits(key));
  const began = await transact(({ transaction }) => count.begin(transaction, which));
  if (!began) return { failed: 0, uncounted: [] };
  const uncounted: UncountedRecord[] = [];
  let failed = 0;
  await takeSteps(
    transact,
    ({ transaction }, rows) => count.step(transaction, rows),
    async (step) => {
      failed += step.uncounted.length;
      uncounted.push(...step.uncounted.slice(0, migrationFailuresMax - uncounted.length));
      await onRecords(step.records);
    },
  );
  if (failed === 0) await transact(({ transaction }) => count.assertReadable(transaction));
  return { failed, uncounted };
}

/** As `recount` of all, for a caller who is told of the first record that cannot be counted. @throws RECORD_UNCOUNTED */
export async function recountAll<E extends AnyEntity>(table: RecordTable<E>, transact: Transact): Promise<void> {
  const { uncounted } = await recount(table, transact, "all");
  const [first] = uncounted;
  if (first === undefined) return;
  const named = table.named(table.model.decodeId(first.id));
  throw tenantryError("RECORD_UNCOUNTED", named, { cause: first.error });
}
