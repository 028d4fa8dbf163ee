/** Whole tuples to bytes and back, and the range of all tuples that begin with one. */
import { arrayLength } from "../intrinsics/index.js";
import type { TupleElement } from "./element.js";
import { TupleReader } from "./reader.js";
import { TupleWriter } from "./writer.js";

/**
 * Packs a tuple as FoundationDB's tuple layer does: packed tuples sort as their elements do.
 *
 * @param prefix Bytes to put in front, as they are.
 * @throws TUPLE_ELEMENT_INVALID for an element that has no encoding (a lone surrogate, an unsafe number, …).
 *
 * @example
 * ```ts
 * import { tuple } from "tenantry";
 * const key = tuple.pack(["city", 2988507]);
 * const [entity, id] = tuple.unpack(key);
 * ```
 */
export function pack(elements: readonly TupleElement[], prefix?: Uint8Array): Uint8Array {
  return written(elements, prefix, (writer) => writer.finish());
}

/**
 * Packs a tuple with exactly one incomplete versionstamp, followed by its place in 4 little-endian bytes: the key
 * that the atomic operation `setVersionstampedKey` takes.
 *
 * @throws TUPLE_ELEMENT_INVALID as {@link pack}, and when there is not exactly one incomplete versionstamp.
 *
 * @example
 * ```ts
 * import { tuple } from "tenantry";
 * import type { Engine } from "tenantry/engine";
 * declare const engine: Engine;
 * const transaction = engine.begin();
 * const key = tuple.packWithVersionstamp(["log", tuple.versionstamp()]);
 * transaction.atomic("setVersionstampedKey", key, Buffer.from("entry"));
 * ```
 */
export function packWithVersionstamp(elements: readonly TupleElement[], prefix?: Uint8Array): Uint8Array {
  return written(elements, prefix, (writer) => writer.finishVersionstamped());
}

/**
 * The elements of a packed tuple. Integers come back as numbers when safe, as bigints otherwise.
 *
 * @param offset Where in `bytes` the tuple begins.
 * @throws TUPLE_BYTES_INVALID for bytes that no tuple packs to.
 *
 * @example
 * ```ts
 * import { tuple } from "tenantry";
 * const [entity, id] = tuple.unpack(tuple.pack(["city", 2988507])); // "city", 2988507
 * ```
 */
export function unpack(bytes: Uint8Array, offset = 0): TupleElement[] {
  const reader = new TupleReader(bytes, offset);
  const elements: TupleElement[] = [];
  while (!reader.done) elements.push(reader.element());
  return elements;
}

/**
 * The range of all tuples that begin with the packed tuple `prefix` and have at least one element more:
 * `prefix` + 0x00 (inclusive) to `prefix` + 0xff (exclusive).
 *
 * @example
 * ```ts
 * import { tuple } from "tenantry";
 * import type { Engine } from "tenantry/engine";
 * declare const engine: Engine;
 * const transaction = engine.begin();
 * const { begin, end } = tuple.tupleRange(tuple.pack(["city"]));
 * const { rows } = await transaction.getRange(
 *   { key: begin, orEqual: false, offset: 1 },
 *   { key: end, orEqual: false, offset: 1 },
 * );
 * ```
 */
export function tupleRange(prefix: Uint8Array): { begin: Uint8Array; end: Uint8Array } {
  const begin = new Uint8Array(prefix.length + 1);
  begin.set(prefix);
  const end = Uint8Array.from(begin);
  end[prefix.length] = 0xff;
  return { begin, end };
}

/** A writer kept for the next tuple: making one costs more than packing a short key. */
let spare: TupleWriter | undefined;

/** Results above this leave a writer too large to keep. */
const spareBytesMax = 4_096;

function written(
  elements: readonly TupleElement[],
  prefix: Uint8Array | undefined,
  finish: (writer: TupleWriter) => Uint8Array,
): Uint8Array {
  // Taken while in use: an element's own code (a getter of an array) may pack in between.
  const writer = spare ?? new TupleWriter();
  spare = undefined;
  if (prefix !== undefined) writer.packed(prefix);
  // What is no array is refused as an element that is none.
  const length = arrayLength(elements) ?? 1;
  for (let i = 0; i < length; i++) writer.element(elements[i]);
  const bytes = finish(writer);
  if (bytes.length <= spareBytesMax) spare = writer;
  return bytes;
}
