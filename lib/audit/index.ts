/** Audit: what an audit trail holds, the hook that writes it, and the key of each tenant that seals what it says of people. */
export { AuditHook } from "./audit-hook.js";
export { canonicalBytes } from "./canonical.js";
export {
  AuditChain,
  type ChainPoint,
  type ChainSeal,
  chainBegin,
  checkpointKey,
  decodeSeal,
  sealKey,
} from "./chain.js";
export {
  decodeEntry,
  encodeEntry,
  entryKey,
  entryStamp,
  newEntryKey,
  type StoredChange,
  type StoredEntry,
  trailParts,
} from "./entry.js";
export { AuditKey, auditSecretBytes, decodeAuditSecret, encodeAuditSecret } from "./tenant-key.js";
export { AuditKeys } from "./tenant-keys.js";
