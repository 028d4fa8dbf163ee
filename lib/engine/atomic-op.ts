/** Atomic operations: their names in one list, from which the types follow. */

/** Operations that make a value of the one that is there and an operand. */
export const combiningOps = [
  "add",
  "bitAnd",
  "bitOr",
  "bitXor",
  "appendIfFits",
  "max",
  "min",
  "byteMin",
  "byteMax",
  "compareAndClear",
] as const;

export type CombiningOp = (typeof combiningOps)[number];

/** All there are: also those that write the commit's versionstamp. */
export const atomicOps = [...combiningOps, "setVersionstampedKey", "setVersionstampedValue"] as const;

/**
 * Operations on a value that need no read and so no conflict: FoundationDB's mutation types.
 *
 * @example
 * ```ts
 * import type { AtomicOp, EngineTransaction } from "tenantry/engine";
 * declare const transaction: EngineTransaction;
 * const op: AtomicOp = "add";
 * transaction.atomic(op, Buffer.from("visits"), Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0)); // little-endian
 * ```
 */
export type AtomicOp = (typeof atomicOps)[number];
