/** The audit options of `open`: what is written down, and with which keys it is sealed. */
import { tenantryError } from "../errors/index.js";
import { type GivenKeyring, givenKeyring } from "../lifecycle/index.js";
import { entitiesMax } from "../limits/index.js";
import { copiedList, optionNames, takeOptions } from "../options/index.js";
import type { AnyEntity } from "../schema/index.js";

/**
 * What is audited beyond the moves of tenants.
 *
 * @example
 * ```ts
 * import { type AuditOptions, embedded, open } from "tenantry";
 * declare const secrets: { auditSealKey: Uint8Array };
 * const audit: AuditOptions = { sealKeys: [secrets.auditSealKey] };
 * const db = await open({ engine: embedded("./data"), entities: [], audit });
 * ```
 */
export interface AuditOptions {
  /** Entities whose changes are written down; all unless given. */
  readonly entities?: readonly AnyEntity[] | undefined;
  /** Whether attempts are written down that left a tenant or that roles refused; default true. */
  readonly denials?: boolean | undefined;
  /**
   * Secrets of 32 bytes that trails are sealed with: the first seals, all of them verify. Unless given, the database keeps
   * its own, which whoever can read all of the database can find there.
   */
  readonly sealKeys?: readonly Uint8Array[] | undefined;
}

const invalid = (option: string, reason: string): Error => tenantryError("DATABASE_OPTION_INVALID", { option, reason });

const auditNames = optionNames<AuditOptions>({ entities: true, denials: true, sealKeys: true });

/** The options of `audit`, by name. @throws OPTION_UNKNOWN, OPTIONS_INVALID */
export const takeAuditOptions = (options: AuditOptions | undefined): AuditOptions =>
  takeOptions(options, auditNames, "audit");

/** The keys given; undefined when there are none. @throws DATABASE_OPTION_INVALID */
export function sealKeyring({ sealKeys }: AuditOptions): GivenKeyring | undefined {
  return sealKeys === undefined ? undefined : givenKeyring("audit.sealKeys", sealKeys);
}

/** The names of audited entities; undefined for all. @throws DATABASE_OPTION_INVALID for one that is not the database's */
export function auditedNames(
  { entities }: AuditOptions,
  known: ReadonlySet<AnyEntity>,
): ReadonlySet<string> | undefined {
  if (entities === undefined) return undefined;
  const audited = copiedList(entities, entitiesMax) as readonly AnyEntity[] | undefined;
  if (audited === undefined) throw invalid("audit.entities", "not a list of entities");
  const stranger = audited.find((entity) => !known.has(entity));
  if (stranger !== undefined) {
    throw invalid("audit.entities", `${JSON.stringify(stranger.name)} is not one of the database's`);
  }
  return new Set(audited.map(({ name }) => name));
}
