/** The stored form of the value that a call with an idempotency key returned, for those who call again. */
import { isTenantryError, tenantryError } from "../../errors/index.js";
import { idempotentResultBytesMax } from "../../limits/index.js";
import { RecordCodec } from "../../value/index.js";

let shared: RecordCodec | undefined;

/** Values of any plain shape, under one fixed layout. */
function codec(): RecordCodec {
  shared ??= new RecordCodec(
    {
      entity: "tenantry.idempotentResult",
      shapes: [{ fields: [{ name: "value", optional: true, node: { kind: "value" } }], open: false }],
    },
    1,
  );
  return shared;
}

/** @throws IDEMPOTENT_RESULT_INVALID when the value would not come back equal, or is too large. */
export function encodeResult(value: unknown): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = codec().encode(value === undefined ? {} : { value }, 1);
  } catch (cause) {
    if (!isTenantryError(cause, "VALUE_UNSUPPORTED")) throw cause;
    throw tenantryError(
      "IDEMPOTENT_RESULT_INVALID",
      { reason: cause.details.reason, bytes: undefined, idempotentResultBytesMax },
      { cause },
    );
  }
  if (bytes.length <= idempotentResultBytesMax) return bytes;
  throw tenantryError("IDEMPOTENT_RESULT_INVALID", {
    reason: "tooLarge",
    bytes: bytes.length,
    idempotentResultBytesMax,
  });
}

/** The value as it was returned then. */
export function decodeResult(bytes: Uint8Array): unknown {
  const { record } = codec().decode(bytes);
  return "value" in record ? record.value : undefined;
}
