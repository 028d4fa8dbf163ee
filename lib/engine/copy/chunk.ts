/** Pieces of a range that fit one transaction: cut from the source, written to the target, compared with it. */
import { tenantryError } from "../../errors/index.js";
import { copyChunkBytesMax } from "../../limits/index.js";
import type { Engine } from "../engine.js";
import type { Range, RangeReader, Row } from "./rows.js";
import { commitTo } from "./write.js";

/** All rows the source has from `begin` to `end`. */
export interface Chunk extends Range {
  readonly rows: readonly Row[];
}

/** Cuts a range of the source into chunks that follow one another without a gap and cover all of it. */
export async function* chunksOf(reader: RangeReader, range: Range): AsyncGenerator<Chunk, void, undefined> {
  let { begin } = range;
  let rows: Row[] = [];
  let bytes = 0;
  for await (const batch of reader.batches(range)) {
    for (const row of batch.rows) {
      const size = row[0].length + row[1].length;
      if (rows.length > 0 && bytes + size > copyChunkBytesMax) {
        const [end] = row;
        yield { begin, end, rows };
        begin = end;
        rows = [];
        bytes = 0;
      }
      rows.push(row);
      bytes += size;
    }
  }
  if (Buffer.compare(begin, range.end) < 0) yield { begin, end: range.end, rows };
}

/**
 * Makes the target's range equal to the chunk, in one transaction. It may be tried again: an attempt whose outcome is
 * unknown cannot land after a later one, since it would conflict with it.
 */
export async function writeChunk(to: Engine, { begin, end, rows }: Chunk): Promise<void> {
  const { keyBytesMax } = to.capabilities;
  const long = rows.find(([key]) => key.length > keyBytesMax);
  if (long !== undefined) throw tenantryError("KEY_TOO_LARGE", { bytes: long[0].length, keyBytesMax });
  await commitTo(to, async (transaction) => {
    await transaction.getReadVersion();
    transaction.addReadConflictRange(begin, end);
    transaction.clearRange(begin, end);
    for (const [key, value] of rows) transaction.set(key, value);
  });
}

/** Whether the target has exactly the chunk's rows; its rows are shown to `see` up to the first that differs. */
export async function matches(target: RangeReader, chunk: Chunk, see: (row: Row) => void): Promise<boolean> {
  let index = 0;
  for await (const { rows } of target.batches(chunk)) {
    for (const row of rows) {
      const expected = chunk.rows[index];
      if (expected === undefined || !sameBytes(row[0], expected[0]) || !sameBytes(row[1], expected[1])) return false;
      see(row);
      index += 1;
    }
  }
  return index === chunk.rows.length;
}

const sameBytes = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;
