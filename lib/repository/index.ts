/** Repositories: the typed door to one entity's records in one tenant. */
export { type CursorKey, type CursorKeyring, CursorSeal, cursorKey, cursorSecretBytes } from "./cursor.js";
export type {
  BoundedQuery,
  Count,
  Page,
  PageQuery,
  Query,
  QueryOptions,
  QueryRange,
  Selected,
  Selection,
} from "./query.js";
export type { QueryPlan } from "./query-plan.js";
export type {
  ChangeOptions,
  Entry,
  OperationOptions,
  ReadRepository,
  ReadScope,
  RepositoryOptions,
  Scan,
  TenantRepository,
  TransactionScope,
} from "./repository.js";
export { RepositoryFactory } from "./repository-factory.js";
export { RunnerWriter } from "./tenant-reader.js";
