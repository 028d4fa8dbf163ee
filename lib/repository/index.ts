/** Repositories: the typed door to one entity's records in one tenant. */
export type { AccessPolicy, AccessRight, Denial, OnDenied, RecordAction } from "./access/access-policy.js";
export type { AccessRules, RecordAccess } from "./access/record-access.js";
export {
  type CursorBinding,
  type CursorKey,
  type CursorKeyring,
  CursorSeal,
  cursorKey,
  cursorSecretBytes,
} from "./cursor.js";
export type { SweepOptions, Swept } from "./expiry/sweep.js";
export type {
  AggregateArguments,
  AggregateGroup,
  AggregateQuery,
  CounterAmounts,
  Counters,
  GroupQuery,
} from "./interface/aggregate-query.js";
export type { ScanOptions, ScanProgress, WorkOptions, WorkProgress, WorkQuery } from "./interface/long-work.js";
export {
  type ChangeOptions,
  type GetManyOptions,
  type OperationOptions,
  operationNames,
  type ReplaceManyOptions,
  type ReplaceOptions,
  type RepositoryOptions,
  type VerifyOptions,
} from "./interface/options.js";
export type { Entry, ReadRepository, Scan } from "./interface/read-repository.js";
export type { ReadScope, TransactionScope } from "./interface/scope.js";
export type { TenantRepository } from "./interface/tenant-repository.js";
export type { TransactionRepository } from "./interface/transaction-repository.js";
export type {
  ExportOptions,
  ImportOptions,
  ImportSource,
  TenantExport,
  TransferProgress,
} from "./interface/transfer.js";
export type { PassOverOptions, UnreadableRecord } from "./interface/unreadable.js";
export type {
  BoundedQuery,
  Count,
  Page,
  PageQuery,
  Query,
  QueryRange,
  Selected,
  Selection,
} from "./query.js";
export type { QueryPlan } from "./query-plan.js";
export { RepositoryFactory } from "./repository-factory.js";
export { RunnerWriter } from "./tenant-reader.js";
export type { Defect, RecordDefect } from "./verify/defect.js";
