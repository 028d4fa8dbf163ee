/** Verifying chunks: whether every one has its record. */
import { isTenantryError } from "../errors/index.js";
import { recordPrefix, subspacePrefix, subspaces } from "../keyspace/index.js";
import type { AnyEntity, EntityModel, IdOf } from "../schema/index.js";
import type { ReadTransaction } from "../transaction/index.js";
import { concatBytes, equalBytes, tupleRange } from "../tuple/index.js";

import { type BatchReader, forEachBatch } from "./batches.js";
import { readChunkKey, type WholeValue, wholeValue } from "./chunks.js";
import { chunkCount, isSplit } from "./split.js";

/**
 * A defect of the chunks of a large record: `missing`, one or more are not there; `torn`, they do not fit each other;
 * `extra`, more than the record has; `orphan`, chunks without a large record; `unreadable`, a key that is no chunk's.
 *
 * @example
 * ```ts
 * import type { AnyEntity, ChunkDefect } from "tenantry";
 * const describe = (defect: ChunkDefect<AnyEntity>): string => `${defect.kind} chunks of ${String(defect.id)}`;
 * ```
 */
export interface ChunkDefect<E extends AnyEntity> {
  readonly part: "chunks";
  readonly index?: undefined;
  readonly kind: "missing" | "torn" | "extra" | "orphan" | "unreadable";
  /** The record's id; undefined when the key is unreadable. */
  readonly id: IdOf<E> | undefined;
}

/** The value of a record's row, put together; or what is wrong with its chunks. */
export async function wholeOrDefect(
  transaction: ReadTransaction,
  entity: string,
  id: Uint8Array,
  row: Uint8Array,
): Promise<WholeValue | { readonly defect: "missing" | "torn"; readonly error: unknown }> {
  try {
    return await wholeValue(transaction, entity, id, row);
  } catch (error) {
    if (isTenantryError(error, "VALUE_CORRUPT")) {
      return { defect: error.details.reason === "chunkMissing" ? "missing" : "torn", error };
    }
    if (isTenantryError(error, "VALUE_FORMAT_UNKNOWN")) return { defect: "torn", error };
    throw error;
  }
}

/** The chunks that no record asks for: one get for each that there is. */
export async function verifyChunks<E extends AnyEntity>(
  model: EntityModel<E>,
  read: BatchReader,
): Promise<ChunkDefect<E>[]> {
  const found: ChunkDefect<E>[] = [];
  let last: Uint8Array | undefined;
  const range = tupleRange(subspacePrefix(subspaces.chunks, model.name));
  await forEachBatch(read, range, async (transaction, rows) => {
    for (const [key] of rows) {
      const chunk = readChunkKey(model, key);
      if (chunk === undefined) {
        found.push({ part: "chunks", kind: "unreadable", id: undefined });
        continue;
      }
      const { id, packed, n } = chunk;
      const head = await transaction.get(concatBytes(recordPrefix(model.name), packed));
      const count = head !== undefined && isSplit(head) ? chunkCount(head) : 0;
      if (n <= count) continue;
      // One defect for all the chunks of a record.
      if (last === undefined || !equalBytes(last, packed)) {
        found.push({ part: "chunks", kind: count === 0 ? "orphan" : "extra", id });
      }
      last = packed;
    }
  });
  return found;
}
