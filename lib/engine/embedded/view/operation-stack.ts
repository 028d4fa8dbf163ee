/** The pending operations of one key, folded together as far as that leaves the result unchanged. */
import type { AtomicOp } from "../../atomic-op.js";
import { EngineError } from "../../error.js";
import { applyAtomic } from "../atomic.js";

/** One pending operation of a key; a `set` without a value clears it. */
export type Operation =
  | { readonly type: "set"; readonly value: Uint8Array | undefined }
  | { readonly type: AtomicOp; readonly value: Uint8Array };

/** A key's pending operations, oldest first; empty where only a range begins. */
export type OperationStack = readonly Operation[];

// These keep the operand's length, so folding two of different lengths would lose the bytes between.
const keepsOperandLength: ReadonlySet<string> = new Set(["add", "bitOr", "bitXor", "max", "min"]);

/** Whether an operation needs no value from below: sets, and versionstamped values and keys. */
export const isIndependent = (type: Operation["type"]): boolean =>
  type === "set" || type === "setVersionstampedValue" || type === "setVersionstampedKey";

/** Whether the result depends on what the snapshot holds. */
export const isDependent = (stack: OperationStack): boolean => {
  const first = stack[0];
  return first !== undefined && !isIndependent(first.type);
};

/** `later` applied on top of `earlier`, as one operation. */
const fold = (earlier: Operation, later: Operation): Operation => {
  if (later.type === "set" || later.type === "setVersionstampedValue") return later;
  if (later.type === "setVersionstampedKey") throw new EngineError(1000);
  const value = applyAtomic(later.type, earlier.value, later.value);
  if (earlier.type === "set") return { type: "set", value };
  if (earlier.type !== later.type || value === undefined) throw new EngineError(1000);
  return { type: later.type, value };
};

/** `stack` with one more operation: folded into the newest where that is exact, pushed where it is not. */
export const push = (stack: OperationStack, later: Operation): OperationStack => {
  const newest = stack[stack.length - 1];
  if (newest === undefined) return [later];
  const folds =
    newest.type === "set" ||
    later.type === "set" ||
    (newest.type === later.type &&
      newest.type !== "compareAndClear" &&
      !(keepsOperandLength.has(newest.type) && newest.value.length !== later.value.length));
  return folds ? [...stack.slice(0, -1), fold(newest, later)] : [...stack, later];
};

/** The value the key has after `stack` on top of `value`; undefined: absent. */
export const valueOver = (stack: OperationStack, value: Uint8Array | undefined): Uint8Array | undefined => {
  const [only] = stack;
  if (stack.length === 1 && only !== undefined && !isDependent(stack)) return only.value;
  let result: Operation = { type: "set", value };
  for (const operation of stack) result = fold(result, operation);
  return result.value;
};
