/** Verifying chunks: whether every one has its record. */
import { isTenantryError } from "../errors/index.js";
import { recordPrefix, subspacePrefix, subspaces } from "../keyspace/index.js";
import type { AnyEntity, EntityModel, IdOf } from "../schema/index.js";
import { concatBytes, equalBytes, tupleRange } from "../tuple/index.js";

import { type BatchReader, forEachBatch } from "./batches.js";
import { readChunkKey } from "./chunks.js";
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

/** What is wrong with the chunks of a record that is split, by the error of reading it. */
export const chunksDefect = (error: unknown): "missing" | "torn" =>
  isTenantryError(error, "VALUE_CORRUPT") && error.details.reason === "chunkMissing" ? "missing" : "torn";

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
      const count = head !== undefined && isSplit(head) ? countIn(head) : 0;
      // Which ones a damaged head has nobody knows: what is wrong is found with it.
      if (count === undefined || n <= count) continue;
      // One defect for all the chunks of a record.
      if (last === undefined || !equalBytes(last, packed)) {
        found.push({ part: "chunks", kind: count === 0 ? "orphan" : "extra", id });
      }
      last = packed;
    }
  });
  return found;
}

function countIn(head: Uint8Array): number | undefined {
  try {
    return chunkCount(head);
  } catch {
    return undefined;
  }
}
