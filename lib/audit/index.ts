/** Audit: what an audit trail holds, and the key of each tenant that seals what is said of people in it. */
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
