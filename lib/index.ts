/** Published as `tenantry`: what users need first, then what implementors and tools need. */

export type { ListMembersOptions, Member, Members, NewSession, Session, Sessions } from "./access/identity/index.js";
export type { AggregateDefect } from "./aggregates/index.js";
export type { Database, TenantHandleOptions } from "./database.js";
export {
  type EmbeddedOptions,
  type EngineDescriptor,
  EngineError,
  embedded,
  foundationdb,
  memory,
} from "./engine/index.js";
export {
  type CodedError,
  type ErrorCode,
  type ErrorDetails,
  type ErrorFamily,
  type ErrorJson,
  errorResponse,
  isTenantryError,
  type JsonValue,
  type SafeError,
  sanitize,
  TenantryError,
  TenantryTypeError,
} from "./errors/index.js";
export type { FairnessOptions } from "./fairness/index.js";
export {
  assertQuery,
  type BoundedSelector,
  type GuardedOperation,
  type OnViolation,
  type QueryFault,
  type QueryFaultReason,
  type QueryOptions,
  type SelectorLike,
  type TenantQuery,
  type Violation,
  type ViolationReason,
  validateQuery,
} from "./guard/index.js";
export type { IndexDefect } from "./indexes/index.js";
export type {
  EraseOptions,
  FailedProvisioning,
  HealthOptions,
  HealthReport,
  ListTenantsOptions,
  OperatorEntrance,
  OperatorOptions,
  ProvisioningOptions,
  ProvisionOptions,
  ResumedProvisioning,
  RetireOptions,
  Seed,
  SeedPosition,
  SuspendOptions,
  TenantChanges,
  TenantFilter,
  TenantPage,
  TenantPageOptions,
  Tenants,
} from "./lifecycle/index.js";
export {
  type Attributes,
  type Clock,
  type Counter,
  type Gauge,
  type Histogram,
  type Logger,
  type Meter,
  type OpenTelemetryOptions,
  openTelemetry,
  type Random,
  type ServiceLevel,
  type ServiceLevels,
  type ServiceObjectives,
  type Span,
  type Tracer,
} from "./observe/index.js";
export { type OpenOptions, open } from "./open.js";
export type {
  Claims,
  ConnectionLease,
  EntityQuota,
  Headroom,
  QuotaLimit,
  QuotaOptions,
  QuotaPlan,
  Quotas,
  RateLimit,
  RecountedResource,
  RecountOptions,
  ResourceUsage,
  TenantQuotas,
  UsageReport,
} from "./quota/index.js";
export type { ChunkDefect } from "./records/index.js";
export type {
  AccessPolicy,
  AccessRight,
  ChangeOptions,
  Count,
  Defect,
  Denial,
  Entry,
  OnDenied,
  OperationOptions,
  Page,
  PageQuery,
  Query,
  QueryPlan,
  ReadRepository,
  ReadScope,
  RecordAction,
  RepositoryOptions,
  Scan,
  ScanOptions,
  ScanProgress,
  TenantRepository,
  TransactionRepository,
  TransactionScope,
  WorkOptions,
  WorkProgress,
  WorkQuery,
} from "./repository/index.js";
export {
  type AnyEntity,
  type Entity,
  type EntityOptions,
  entity,
  type IdOf,
  type Infer,
  type InputOf,
  type PatchOf,
  type SchemaChange,
} from "./schema/index.js";
export {
  isTenantId,
  newTenantId,
  parseTenantId,
  type TenantContext,
  type TenantId,
  type TenantMetadata,
  type TenantProfile,
  type TenantRecord,
  type TenantState,
  tenantIdBytes,
} from "./tenant/index.js";
export type { Tenant, TenantScope } from "./tenant-handle.js";
export type {
  AuditEntry,
  AuditedChange,
  AuditFilter,
  AuditFinding,
  AuditHead,
  AuditOptions,
  AuditPage,
  AuditPageOptions,
  AuditPruneOptions,
  AuditReport,
  AuditTrails,
  DeniedAttempt,
} from "./trail/index.js";
export type {
  CloseOptions,
  ReadTransactionOptions,
  TransactionOptions,
  TransactionPriority,
} from "./transaction/index.js";
export type { TupleElement } from "./tuple/index.js";
export * as tuple from "./tuple/index.js";
