/** Checking one row: whether it is the record that its key says, and has all that has to be kept beside it. */
import { isTenantryError } from "../../errors/index.js";
import { type LackingRecord, verifyEntriesOf } from "../../indexes/index.js";
import { chunksDefect, isDamage, isSplit, queueDefect, readId, recordIn } from "../../records/index.js";
import type { AnyEntity, IndexModel, Infer } from "../../schema/index.js";
import type { ReadTransaction } from "../../transaction/index.js";
import { equalBytes } from "../../tuple/index.js";
import type { RecordTable } from "../table/record-table.js";
import type { Defect, RecordDefect } from "./defect.js";

/** What was found about one row. */
export interface CheckedRow<E extends AnyEntity> {
  readonly packed: Uint8Array;
  readonly defects: readonly Defect<E>[];
  readonly lacking: readonly LackingRecord[];
  /** The record; undefined where it is none that aggregates could count. */
  readonly record: Infer<E> | undefined;
}

const codeOf = (error: unknown): RecordDefect<AnyEntity>["code"] => (isTenantryError(error) ? error.code : undefined);

/** What is wrong with a record that has values which something has no place for. */
export const unfitRecord = <E extends AnyEntity>(
  { model }: RecordTable<E>,
  packed: Uint8Array,
  error: unknown,
): RecordDefect<E> => ({ part: "record", kind: "unfit", id: readId(model, packed), code: codeOf(error) });

function unreadDefect<E extends AnyEntity>(
  { model }: RecordTable<E>,
  packed: Uint8Array,
  row: Uint8Array,
  error: unknown,
): Defect<E> {
  const id = readId(model, packed);
  const damaged = isDamage(error);
  if (damaged && isSplit(row)) return { part: "chunks", kind: chunksDefect(error), id };
  return { part: "record", kind: damaged ? "damaged" : "unknown", id, code: codeOf(error) };
}

/** Whether a record is not the one of its key; throws for an id that no record of the schema has. */
const isMisplaced = <E extends AnyEntity>({ model }: RecordTable<E>, packed: Uint8Array, record: Infer<E>): boolean =>
  !equalBytes(model.encodeId(model.idOf(record)), packed);

/** Checks a row: one get for each entry that its record has to have in `indexes`, and one for its place in the queue. */
export async function checkRow<E extends AnyEntity>(
  table: RecordTable<E>,
  indexes: readonly IndexModel[],
  transaction: ReadTransaction,
  packed: Uint8Array,
  row: Uint8Array,
): Promise<CheckedRow<E>> {
  const { model } = table;
  const found = await recordIn(model, transaction, packed, row);
  const defects: Defect<E>[] = [];
  if (model.expires) defects.push(...(await queueDefect(model, transaction, packed, row)));
  if ("error" in found) {
    defects.push(unreadDefect(table, packed, row, found.error));
    return { packed, defects, lacking: [], record: undefined };
  }
  const { record } = found;
  let lacking: Promise<LackingRecord[]>;
  try {
    table.verify(record);
    if (isMisplaced(table, packed, record)) {
      defects.push({ part: "record", kind: "misplaced", id: readId(model, packed), code: undefined });
    }
    lacking = verifyEntriesOf(model, indexes, transaction, packed, record, !table.liveness.hasRecord(row));
  } catch (error) {
    defects.push(unfitRecord(table, packed, error));
    return { packed, defects, lacking: [], record };
  }
  return { packed, defects, lacking: await lacking, record };
}
