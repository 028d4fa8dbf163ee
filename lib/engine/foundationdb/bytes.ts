/** Bytes and numbers on their way to the client's binding and back. */
import { bufferOver } from "../../intrinsics/index.js";
import { EngineError } from "../error.js";
import type { OptionValueType } from "./codes.js";
import { fdbCodes } from "./errors.js";

const int32Max = 2 ** 31 - 1;

/** A view for the binding, which takes Buffers; the C API copies before the call returns. */
export const toNative = (bytes: Uint8Array): Buffer => bufferOver(bytes);

/** The binding's Buffer as the plain Uint8Array the port promises (a Buffer's `slice` would alias). */
export const fromNative = (buffer: Buffer): Uint8Array =>
  new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);

export function versionToNative(version: bigint): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64BE(BigInt.asIntN(64, version));
  return buffer;
}

export const versionFromNative = (buffer: Buffer): bigint => buffer.readBigInt64BE();

/**
 * A number for a C int. The binding would wrap what is larger (2^31 becomes negative), so it is clamped: past the
 * end stays past the end.
 */
export const toInt32 = (value: number): number => Math.max(-int32Max, Math.min(int32Max, value)) | 0;

/** An option's value as the binding takes it; it refuses strings, though its types allow them. */
export function optionToNative(
  type: OptionValueType,
  value: true | number | string | Uint8Array | undefined,
): number | Buffer | null {
  if (type === "none" && (value === undefined || value === true)) return null;
  if (type === "int" && typeof value === "number" && Number.isSafeInteger(value)) return value;
  if ((type === "string" || type === "bytes") && typeof value === "string") return Buffer.from(value, "utf8");
  if (type === "bytes" && value instanceof Uint8Array) return toNative(value);
  throw new EngineError(fdbCodes.invalidOptionValue);
}
