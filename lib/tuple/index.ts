/** Tuple: ordered key bytes, FoundationDB's tuple layer. Pure. */
export { compareBytes, concatBytes, equalBytes, keyAfter, strinc } from "./bytes.js";
export type { TupleElement, TupleElementFault } from "./element.js";
export {
  double,
  float,
  TupleDouble,
  TupleFloat,
  TupleUuid,
  TupleVersionstamp,
  uuid,
  versionstamp,
} from "./element.js";
export { pack, packWithVersionstamp, tupleRange, unpack } from "./pack.js";
export type { TupleBytesFault } from "./reader.js";
export { TupleReader } from "./reader.js";
export { TupleWriter } from "./writer.js";
