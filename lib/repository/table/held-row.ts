/** Held rows: what is under a record's key before it is replaced or removed, whether it can be read or not. */
import { importRevisionMax } from "../../limits/index.js";
import { chunkRange, expiryOfRecord, type MayReplace } from "../../records/index.js";
import type { AnyEntity } from "../../schema/index.js";
import { type ReadTransaction, readRows } from "../../transaction/index.js";
import { readEnvelope } from "../../value/index.js";
import type { Stored, StoredRecords } from "./stored-records.js";

/** A row that cannot be read, and can be removed and replaced; as far as it can be told what goes with it. */
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

/** What is under a record's key: a record, whether it fits the schema or not; a damaged row; nothing. */
export type Held<E extends AnyEntity> = Stored<E> | DamagedRow | undefined;

export const isDamaged = (held: object | undefined): held is DamagedRow => held !== undefined && "damage" in held;

/** What is under a packed id. @throws what reading it throws, unless it `mayReplace` the row */
export async function heldAt<E extends AnyEntity>(
  records: StoredRecords<E>,
  transaction: ReadTransaction,
  id: Uint8Array,
  mayReplace: MayReplace,
): Promise<Held<E>> {
  const row = await records.row(transaction, id);
  return row === undefined ? undefined : await heldRow(records, transaction, id, row, mayReplace);
}

/** As `heldAt`, of a row that has been read; a promise where it is split or damaged. */
export function heldRow<E extends AnyEntity>(
  records: StoredRecords<E>,
  transaction: ReadTransaction,
  id: Uint8Array,
  row: Uint8Array,
  mayReplace: MayReplace,
): Stored<E> | Promise<Stored<E> | DamagedRow> {
  try {
    const stored = records.storedRow(transaction, id, row, false);
    if (!(stored instanceof Promise)) return stored;
    return stored.catch((error: unknown) => damaged(records, transaction, id, row, error, mayReplace));
  } catch (error) {
    return damaged(records, transaction, id, row, error, mayReplace);
  }
}

/** What there is of a row whose reading threw: its chunks are counted, in one range read. */
async function damaged<E extends AnyEntity>(
  records: StoredRecords<E>,
  transaction: ReadTransaction,
  id: Uint8Array,
  row: Uint8Array,
  damage: unknown,
  mayReplace: MayReplace,
): Promise<DamagedRow> {
  if (!mayReplace(damage)) throw damage;
  // The conflict is on the record's key, which is written with its chunks.
  const rows = await readRows(transaction, chunkRange(records.model.name, id), { snapshot: true });
  let bytes = records.key(id).length + row.length;
  for (const [chunkKey, chunk] of rows) bytes += chunkKey.length + chunk.length;
  return { damage, bytes, revision: revisionOf(row), expiresAt: expiryOfRecord(row) };
}

function revisionOf(row: Uint8Array): number {
  try {
    const { revision } = readEnvelope(row);
    return revision <= importRevisionMax ? revision : 0;
  } catch {
    return 0;
  }
}
