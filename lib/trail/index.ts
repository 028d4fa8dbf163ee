/** Trail: sealing, verifying and reading audit trails, and what was denied. */
export type { AuditEntry, AuditedChange, AuditFilter, AuditPage, AuditPageOptions } from "./audit-entry.js";
export { AuditTrails } from "./audit-trails.js";
export type { DeniedAttempt } from "./denials.js";
export type { AuditOptions } from "./options.js";
export type { AuditPruneOptions } from "./retention.js";
export type { AuditHead } from "./sealer.js";
export type { AuditReport, AuditVerifyOptions } from "./verifier.js";
export type { AuditFinding } from "./verifying-pass.js";
export { AuditWiring } from "./wiring.js";
