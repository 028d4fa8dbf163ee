/** A new session, as it is asked for: checked, and with all times decided. */
import { tenantryError } from "../../../errors/index.js";
import {
  sessionIdleLongestMs,
  sessionIdleMs,
  sessionLifetimeLongestMs,
  sessionLifetimeMs,
  sessionNoteBytesMax,
} from "../../../limits/index.js";
import { optionNames, takeOptions } from "../../../options/index.js";
import type { OperationOptions } from "../../../repository/index.js";
import type { TenantId } from "../../../tenant/index.js";
import { checkedSubject } from "../identity-door.js";
import type { StoredSession } from "./session-record.js";

/**
 * Who signs in, and for how long.
 *
 * @example
 * ```ts
 * import type { NewSession } from "tenantry";
 * const session: NewSession = {
 *   subject: "ada",
 *   roles: ["author"],
 *   methods: ["pwd", "otp", "mfa"],
 *   idleMs: 30 * 60_000,
 *   lifetimeMs: 12 * 3_600_000,
 *   note: "Firefox on Linux",
 * };
 * ```
 */
export interface NewSession extends OperationOptions {
  readonly subject: string;
  readonly roles?: readonly string[] | undefined;
  /** How the subject signed in, in the words of RFC 8176; `requireMfa` goes by them. */
  readonly methods?: readonly string[] | undefined;
  readonly assurance?: string | undefined;
  /** When it did, in milliseconds since 1970; now unless given. */
  readonly authenticatedAt?: number | undefined;
  /** Milliseconds without use after which it ends: `sessionIdleMs` (30 minutes) unless given, at most 90 days. */
  readonly idleMs?: number | undefined;
  /** Milliseconds after which it ends in any case: `sessionLifetimeMs` (a day) unless given, at most a year. */
  readonly lifetimeMs?: number | undefined;
  /** For the subject, to tell sessions apart: 512 bytes at most. */
  readonly note?: string | undefined;
}

const names = optionNames<NewSession>({
  subject: true,
  roles: true,
  methods: true,
  assurance: true,
  authenticatedAt: true,
  idleMs: true,
  lifetimeMs: true,
  note: true,
  signal: true,
});

const refuse = (part: string): Error => tenantryError("SESSION_INVALID", { part });

function duration(part: string, ms: number, longest: number): number {
  if (!Number.isSafeInteger(ms) || ms < 1 || ms > longest) throw refuse(part);
  return ms;
}

function noted(part: string, text: unknown): string | undefined {
  if (text === undefined) return undefined;
  const isNote =
    typeof text === "string" && !/\p{Surrogate}/u.test(text) && Buffer.byteLength(text) <= sessionNoteBytesMax;
  if (!isNote) throw refuse(part);
  return text;
}

/** All of a new session but its name and its secret. */
export type AskedSession = Omit<StoredSession, "id" | "digest"> & Pick<NewSession, "signal">;

/** @throws SESSION_INVALID, TENANT_CONTEXT_INVALID, OPTION_UNKNOWN */
export function takeNewSession(tenant: TenantId, options: NewSession, now: number): AskedSession {
  const asked = takeOptions(options, names, "sessions.create");
  const { idleMs = sessionIdleMs, lifetimeMs = sessionLifetimeMs, authenticatedAt = now, signal } = asked;
  const { subject, roles } = checkedSubject(tenant, asked.subject, asked.roles);
  const methods = checkedSubject(tenant, subject, asked.methods).roles;
  duration("idleMs", idleMs, sessionIdleLongestMs);
  duration("lifetimeMs", lifetimeMs, sessionLifetimeLongestMs);
  // Nobody has signed in who is only going to.
  if (!Number.isSafeInteger(authenticatedAt) || authenticatedAt < 0 || authenticatedAt > now) {
    throw refuse("authenticatedAt");
  }
  const texts = { assurance: noted("assurance", asked.assurance), note: noted("note", asked.note) };
  const times = { createdAt: now, seenAt: now, expiresAt: now + lifetimeMs, idleMs, authenticatedAt };
  return { subject, roles, methods, ...texts, ...times, signal };
}
