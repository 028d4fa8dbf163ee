/** The engines: what users open them with, the port they share, and what their errors carry. */
export type { AtomicOp } from "./atomic-op.js";
export { type CopyCheckpoint, type CopyOptions, type CopyProgress, type CopyResult, copy } from "./copy/index.js";
export type {
  Durability,
  EmbeddedDescriptor,
  EmbeddedOptions,
  EngineDescriptor,
  FoundationDbDescriptor,
  MemoryDescriptor,
  MemoryOptions,
} from "./descriptor.js";
export { embedded, foundationdb, memory } from "./descriptor.js";
export type { CompactionReport } from "./embedded/compaction/compaction.js";
export type { IntegrityReport } from "./embedded/lmdb/integrity.js";
export type {
  Engine,
  EngineCapabilities,
  EngineTransaction,
  KeySelector,
  RangeOptions,
  RangeResult,
  RowVisitor,
  StreamingMode,
  ValueVisitor,
  VisitResult,
  Watch,
} from "./engine.js";
export { EngineError } from "./error.js";
export { fdbErrorName } from "./error-name.js";
export type {
  FoundationDbDatabaseOptions,
  FoundationDbNetworkOptions,
  FoundationDbOptions,
} from "./foundationdb-options.js";
export { backupStore, checkStore, compactStore, restoreStore } from "./maintenance.js";
export { openEngine } from "./open-engine.js";
export type { EngineOption } from "./option.js";
