/** Codes of the tuple layer and of the keyspace. */
import { define } from "../definition.js";

export const tupleErrors = {
  TUPLE_ELEMENT_INVALID: define<{ index: number; reason: string }>()("input", "A tuple element cannot be encoded."),
  TUPLE_BYTES_INVALID: define<{ offset: number; reason: string }>()("corrupt", "These bytes are not a packed tuple."),
  KEY_WITHOUT_SUCCESSOR: define()("input", "No key comes after all keys with this prefix."),
  KEY_TOO_LARGE: define<{ bytes: number; keyBytesMax: number }>()("limit", "The key is too large."),
} as const;
