/** Transactions of one tenant and of the control plane: their interfaces, the runners, the hook ports. */

export { type CallLabel, type CallTerms, callTerms } from "./call/call-terms.js";
export { TransactionHost } from "./host.js";
export { type Operation, perform, performAtOnce, resultOf, rowsOf, together, valueAt, valuesAt } from "./operation.js";
export {
  type CloseOptions,
  drainMsOf,
  type ReadTransactionOptions,
  type RunnerOptions,
  type TransactionLabel,
  type TransactionOptions,
  type TransactionPriority,
} from "./options.js";
export type { ReadFunction, WriteFunction } from "./plan/index.js";
export type { CallEnd, CallPolicy, CallReport, TenantCall } from "./policy/call-policy.js";
export { type HookScope, isOfEntity, type RecordChange, type TransactionHook } from "./policy/hook.js";
export { rangeAfter, readRows, siblings, visitRows } from "./read/index.js";
export type { ReadSession } from "./read-session.js";
export type {
  KeyReadOptions,
  RangeBatch,
  RangeReadOptions,
  ReadTransaction,
  RelativeRange,
  RelativeSelector,
} from "./read-transaction.js";
export { TransactionRunner } from "./runner.js";
export { SystemRunner } from "./system-runner.js";
export type { SystemTransaction } from "./system-transaction.js";
export type { KeyedAtomicOp, TenantTransaction, WriteOptions } from "./tenant-transaction.js";
