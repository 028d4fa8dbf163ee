/** Values: the bytes of a record and the record in them. */
export { type CopiedValue, copyFields, copyValue, PrototypeName, TooManyValues } from "./copied-value.js";
export {
  type Envelope,
  flagAscii,
  flagExpires,
  flagSealed,
  flagSplit,
  formatCurrent,
  type OpenedEnvelope,
  readEnvelope,
} from "./envelope.js";
export {
  type LayoutField,
  type LayoutNode,
  type LayoutShape,
  layoutFingerprint,
  type RecordLayout,
  type ScalarKind,
} from "./layout.js";
export { setField } from "./payload/field.js";
export { type DecodedRecord, layoutUnknown, RecordCodec } from "./record-codec.js";
export { type ByteTransform, sealValue, type TransformContext, unsealValue, type ValuePlace } from "./transform.js";
