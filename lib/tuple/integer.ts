/** Integers in tuples: a code that says sign and size, then as few big-endian bytes as hold it, flipped if negative. */
import { CODE_INTEGER_MAX, CODE_INTEGER_MIN, CODE_INTEGER_ZERO } from "./code.js";

/** Bytes that a safe integer takes at most. */
export const safeIntegerBytesMax = 8;

/** Writes a safe integer at `at`; returns where it ends. */
export function writeInteger(bytes: Uint8Array, at: number, value: number): number {
  let end = at;
  if (value === 0) {
    bytes[end++] = CODE_INTEGER_ZERO;
    return end;
  }
  const negative = value < 0;
  const magnitude = negative ? -value : value;
  const high = Math.floor(magnitude / 0x1_0000_0000);
  const low = magnitude >>> 0;
  const size = high > 0 ? 4 + byteLength(high) : byteLength(low);
  const flip = negative ? 0xff : 0;
  bytes[end++] = negative ? CODE_INTEGER_ZERO - size : CODE_INTEGER_ZERO + size;
  for (let shift = (size - 5) * 8; shift >= 0; shift -= 8) bytes[end++] = (high >>> shift) ^ flip;
  for (let shift = (Math.min(size, 4) - 1) * 8; shift >= 0; shift -= 8) bytes[end++] = (low >>> shift) ^ flip;
  return end;
}

/** Writes an integer that is not safe, of at most 255 bytes, at `at`; returns where it ends. */
export function writeBigInteger(bytes: Uint8Array, at: number, value: bigint): number {
  let end = at;
  const flip = value < 0n ? 0xff : 0;
  const digits = (value < 0n ? -value : value).toString(16);
  const hex = digits.length % 2 === 1 ? `0${digits}` : digits;
  const size = hex.length / 2;
  if (size <= 8) bytes[end++] = CODE_INTEGER_ZERO + (flip === 0 ? size : -size);
  else {
    bytes[end++] = flip === 0 ? CODE_INTEGER_MAX : CODE_INTEGER_MIN;
    bytes[end++] = size ^ flip;
  }
  for (let i = 0; i < hex.length; i += 2) bytes[end++] = Number.parseInt(hex.slice(i, i + 2), 16) ^ flip;
  return end;
}

/** The integer of the big-endian bytes from `start` to `end`, flipped if negative: a number when it is safe. */
export function readInteger(bytes: Uint8Array, start: number, end: number, negative: boolean): number | bigint {
  const flip = negative ? 0xff : 0;
  if (end - start <= 6) {
    let value = 0;
    for (let i = start; i < end; i++) value = value * 0x100 + (Number(bytes[i]) ^ flip);
    return negative ? -value : value;
  }
  let hex = "0x";
  for (let i = start; i < end; i++) hex += (Number(bytes[i]) ^ flip).toString(16).padStart(2, "0");
  const value = negative ? -BigInt(hex) : BigInt(hex);
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

/** Bytes of a number from 1 to 2³² − 1. */
const byteLength = (value: number): number => (39 - Math.clz32(value)) >>> 3;
