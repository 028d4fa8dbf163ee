/** Canonical bytes of a record, of which digests are made: the same for every definition that reads the same record. */
import { RecordCodec } from "../value/index.js";

let shared: RecordCodec | undefined;

/** Records of any shape, their field names with them. */
function codec(): RecordCodec {
  shared ??= new RecordCodec(
    {
      entity: "tenantry.auditedRecord",
      shapes: [{ fields: [{ name: "record", optional: false, node: { kind: "value" } }], open: false }],
    },
    1,
  );
  return shared;
}

/** The bytes of a record as it is stored, its fields in their order. @throws VALUE_UNSUPPORTED */
export const canonicalBytes = (record: unknown): Uint8Array => codec().encode({ record }, 1);
