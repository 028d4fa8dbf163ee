/** The atomic operations, byte for byte as FoundationDB's storage servers apply them. */
import { valueBytesMax } from "../../limits/index.js";
import type { CombiningOp } from "../atomic-op.js";

type Combine = (existing: Uint8Array | undefined, operand: Uint8Array) => Uint8Array | undefined;

const order = (a: Uint8Array, b: Uint8Array): number => Buffer.compare(a, b);

const concat = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
};

/** `value` cut or filled with zeros to `length` bytes. */
const resized = (value: Uint8Array, length: number): Uint8Array => {
  const fitted = new Uint8Array(length);
  fitted.set(value.subarray(0, length));
  return fitted;
};

/** Compares as little-endian unsigned integers, the value first cut to the operand's length. */
const orderLittleEndian = (value: Uint8Array, operand: Uint8Array): number => {
  for (let i = operand.length - 1; i >= 0; i--) {
    const difference = (value[i] ?? 0) - (operand[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
};

const add: Combine = (existing, operand) => {
  if (existing === undefined) return operand;
  const sum = new Uint8Array(operand.length);
  let carry = 0;
  for (let i = 0; i < operand.length; i++) {
    carry += (existing[i] ?? 0) + (operand[i] ?? 0);
    sum[i] = carry & 0xff;
    carry >>= 8;
  }
  return sum;
};

const bitwise =
  (combine: (a: number, b: number) => number): Combine =>
  (existing, operand) =>
    existing === undefined ? operand : operand.map((byte, i) => combine(existing[i] ?? 0, byte));

const operations: Readonly<Record<CombiningOp, Combine>> = {
  add,
  bitAnd: bitwise((a, b) => a & b),
  bitOr: bitwise((a, b) => a | b),
  bitXor: bitwise((a, b) => a ^ b),
  appendIfFits: (existing, operand) => {
    if (existing === undefined) return operand;
    return existing.length + operand.length > valueBytesMax ? existing : concat(existing, operand);
  },
  max: (existing, operand) =>
    existing === undefined || orderLittleEndian(existing, operand) <= 0 ? operand : resized(existing, operand.length),
  min: (existing, operand) =>
    existing === undefined || orderLittleEndian(existing, operand) >= 0 ? operand : resized(existing, operand.length),
  byteMin: (existing, operand) => (existing === undefined || order(operand, existing) < 0 ? operand : existing),
  byteMax: (existing, operand) => (existing === undefined || order(operand, existing) > 0 ? operand : existing),
  compareAndClear: (existing, operand) =>
    existing !== undefined && order(existing, operand) === 0 ? undefined : existing,
};

/**
 * The value after `op` with `operand` on `existing` (undefined: absent, both ways). The result may share its
 * bytes with either argument.
 */
export const applyAtomic = (
  op: CombiningOp,
  existing: Uint8Array | undefined,
  operand: Uint8Array,
): Uint8Array | undefined => operations[op](existing, operand);
