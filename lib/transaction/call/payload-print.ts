/** The print of what a call with an idempotency key was asked to do: by it, another request under the key is known. */
import { createHash } from "node:crypto";
import { isTenantryError, tenantryError } from "../../errors/index.js";
import { idempotencyPayloadBytesMax } from "../../limits/index.js";
import { RecordCodec } from "../../value/index.js";

/** Bytes of a print: by accident two requests have the same one in 2 to the 64th cases. */
export const payloadPrintBytes = 8;

let shared: RecordCodec | undefined;

/** Values of any plain shape, under one fixed layout. */
function codec(): RecordCodec {
  shared ??= new RecordCodec(
    {
      entity: "tenantry.idempotencyPayload",
      shapes: [{ fields: [{ name: "payload", optional: true, node: { kind: "value" } }], open: false }],
    },
    1,
  );
  return shared;
}

const invalid = (reason: string, options?: ErrorOptions): Error =>
  tenantryError("TRANSACTION_OPTION_INVALID", { option: "idempotencyPayload", reason }, options);

/** The stored form of a payload: what a caller gives is read once, and what is read is what counts. */
function encode(payload: unknown): Uint8Array {
  try {
    return codec().encode(payload === undefined ? {} : { payload }, 1);
  } catch (cause) {
    throw isTenantryError(cause, "VALUE_UNSUPPORTED") ? invalid("not plain data", { cause }) : cause;
  }
}

/** The same value with the fields of its objects in the order of their names, those that are undefined left out. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([name, field]) => [name, ordered(field)]));
}

/**
 * The print of a call's label and payload; undefined where neither is given, so that nothing can be compared.
 *
 * @throws TRANSACTION_OPTION_INVALID for a payload that is not plain data or too large.
 */
export function payloadPrint(
  { entity, operation }: { readonly entity: string | undefined; readonly operation: string | undefined },
  payload: unknown,
): Uint8Array | undefined {
  if (payload === undefined && entity === undefined && operation === undefined) return undefined;
  const given = encode(payload);
  if (given.length > idempotencyPayloadBytesMax) {
    throw invalid(`more than ${idempotencyPayloadBytesMax} bytes in its stored form`);
  }
  const { record } = codec().decode(given);
  const plain = "payload" in record ? record.payload : null;
  const bytes = encode(ordered([entity ?? null, operation ?? null, plain]));
  return new Uint8Array(createHash("sha256").update(bytes).digest().subarray(0, payloadPrintBytes));
}
