/** Bounds of tenants: their records, the lists of them, their contexts, and reports of violations. */

/** Tenants whose state a process keeps in memory. */
export const tenantStatesCachedMax = 50_000;

/** Longest name of a tenant, in UTF-8 bytes. */
export const tenantNameBytesMax = 256;

/** Longest external key of a tenant, in UTF-8 bytes: room for a URL-like name of another system. */
export const tenantExternalKeyBytesMax = 512;

/** Further external keys of a tenant: its record, which every process keeps, holds them. */
export const externalKeysMax = 32;

/** Longest plan or region of a tenant, in UTF-8 bytes. */
export const tenantPlanBytesMax = 64;

/** Metadata of a tenant: its texts, and their bytes with their names; each transaction's gate may decode them. */
export const tenantMetadataEntriesMax = 64;
export const tenantMetadataBytesMax = 8_192;

/** Time a retired tenant's data is kept when nothing else is said: thirty days. */
export const retirementGraceMs = 2_592_000_000;

/** Longest time a retired tenant's data can be kept: ten years. */
export const retirementGraceLongestMs = 315_360_000_000;

/** Seeds of a database's new tenants. */
export const seedsMax = 256;

/** Longest reason an operator gives, in UTF-8 bytes. */
export const operatorReasonBytesMax = 1_024;

/** Longest subject, role or request id of a tenant context, in UTF-8 bytes: as OpenID Connect bounds a subject, doubled. */
export const tenantContextTextBytesMax = 512;

/** Roles in a tenant context. */
export const tenantContextRolesMax = 64;

/** Violations of one tenant reported per window, and the window: enough to see an attack, too few to be one. */
export const violationReportsMax = 10;
export const violationWindowMs = 1_000;

/** Tenants read at once by a listing. */
export const tenantsListedAtOnceMax = 1_000;
