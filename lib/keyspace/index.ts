/** Keyspace: the one map of what is stored where. Pure. */
export type { MetaName, TenantJob } from "./control-keys.js";
export { ControlKeys, controlSubspaces, metadataVersionKey } from "./control-keys.js";
export { defaultRoot, isReserved, Keyspace } from "./keyspace.js";
export type { Subspace } from "./subspace.js";
export {
  aggregatePrefix,
  allRecordsRange,
  attemptMarkerKey,
  attemptMarkersBefore,
  auditSecretKey,
  chunkKey,
  chunkPrefix,
  countedPrefix,
  counterPrefix,
  countPlaceKey,
  entityOfRecordKey,
  expiryKey,
  expiryUntil,
  feedPrefix,
  idempotencyMarkerKey,
  idempotencyMarkersBefore,
  indexPrefix,
  recordPrefix,
  schemaPrefix,
  seedKey,
  subspacePrefix,
  subspaceRange,
  subspaces,
  timeBucket,
  workPlaceKey,
} from "./subspace.js";
export type { KeyRange } from "./tenant-range.js";
export { PrefixRange, TenantRange } from "./tenant-range.js";
