/** Sessions: who is signed in to a tenant, kept in the tenant itself. */
import { tenantryError } from "../../errors/index.js";
import {
  sessionIdleLongestMs,
  sessionIdleMs,
  sessionLifetimeLongestMs,
  sessionLifetimeMs,
  sessionNoteBytesMax,
  sessionSweepRows,
  sessionsPerSubjectMax,
} from "../../limits/index.js";
import type { Clock, Random } from "../../observe/index.js";
import type { OperationOptions, RecordAction } from "../../repository/index.js";
import { callTerms, type ReadTransaction, siblings } from "../../transaction/index.js";
import { keyAfter, unpack } from "../../tuple/index.js";
import { checkedSubject, type IdentityDoor, identityChange } from "./identity-door.js";
import {
  allSessions,
  clearSession,
  endSession,
  sessionIds,
  sessionKey,
  sessionName,
  subjectKey,
} from "./session-keys.js";
import { provenSession } from "./session-proof.js";
import {
  encodeSession,
  isOver,
  readSession,
  type Session,
  type StoredSession,
  shownSession,
  touchAfterMs,
} from "./session-record.js";
import { decodeToken, encodeToken, secretDigest, sessionIdBytes, sessionSecretBytes } from "./session-token.js";
import type { SessionTouches } from "./session-touches.js";

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

interface Parts {
  readonly clock: Clock;
  readonly random: Random;
  readonly touches: SessionTouches;
}

/**
 * The sessions of one tenant. A session's token is random and opaque; only a digest of it is stored. It ends when it is
 * revoked, when it has not been used for its idle time, and at its end, by the clock that `open` was given.
 *
 * On a handle with a context, everybody may see and end their own sessions; anything else takes a right to `sessions`
 * from the roles, where `open` was given some.
 *
 * @example
 * ```ts
 * import type { Tenant } from "tenantry";
 * declare const tenant: Tenant;
 * const { token } = await tenant.sessions.create({ subject: "ada", note: "Firefox on Linux" });
 * const { subject } = await tenant.sessions.open(token); // TOKEN_INVALID once it is over
 * for (const { id, note, seenAt } of await tenant.sessions.list("ada")) console.log(id, note, seenAt);
 * await tenant.sessions.revokeAll("ada");
 * ```
 */
export class Sessions {
  readonly #door: IdentityDoor;
  readonly #parts: Parts;

  /** @internal */
  constructor(door: IdentityDoor, parts: Parts) {
    this.#door = door;
    this.#parts = parts;
  }

  /**
   * Signs a subject in. The token is shown this once. A subject has `sessionsPerSubjectMax` (100) sessions at most: those
   * that are over go first, then the ones used longest ago. One range read, and one get for each session of the subject.
   *
   * @throws `SESSION_INVALID` for times or a note out of bounds, `TENANT_CONTEXT_INVALID`, `ACCESS_DENIED`.
   */
  async create(options: NewSession): Promise<{ readonly token: string; readonly session: Session }> {
    const { tenantId, runner, access } = this.#door;
    access?.assertAll("create");
    const { random } = this.#parts;
    const id = random.bytes(sessionIdBytes);
    const secret = random.bytes(sessionSecretBytes);
    const stored: StoredSession = { ...this.#described(options), id: sessionName(id), digest: secretDigest(secret) };
    const { subject } = stored;
    await runner.transactOwn(
      tenantId,
      async (transaction) => {
        const others = await this.#load(transaction, await sessionIds(transaction, subject));
        const kept = others
          .filter((other) => !isOver(other.session, stored.createdAt))
          .sort((a, b) => b.session.seenAt - a.session.seenAt)
          .slice(0, sessionsPerSubjectMax - 1);
        for (const other of others) if (!kept.includes(other)) clearSession(transaction, subject, other.id);
        transaction.set(sessionKey(id), encodeSession(stored));
        transaction.set(subjectKey(subject, id), new Uint8Array());
        const { digest: _digest, ...made } = stored;
        transaction.announce(identityChange("#sessions", [subject, stored.id], undefined, made));
      },
      callTerms("createSession", undefined, options.signal),
    );
    return { token: encodeToken({ tenant: tenantId, id, secret }), session: shownSession(stored) };
  }

  /**
   * The session of a token, which counts as a use. One get; uses are written together, once a minute at most. Until the
   * token is known to be good, nothing is charged to the tenant it names, kept or told of it; nor is this call itself.
   *
   * @throws `TOKEN_INVALID` for every reason there is to refuse a token; `TENANT_UNAVAILABLE` for a good one of a tenant that
   *   is not available.
   */
  async open(token: string, options?: OperationOptions): Promise<Session> {
    const { tenantId, runner } = this.#door;
    const { clock, touches } = this.#parts;
    const decoded = decodeToken(token);
    if (decoded === undefined || decoded.tenant !== tenantId) throw tenantryError("TOKEN_INVALID", {});
    const { id } = decoded;
    const now = clock.now();
    const session = await runner.verify(
      tenantId,
      async (transaction, admit) => {
        const proven = provenSession(decoded, await transaction.get(sessionKey(id)), now);
        await admit();
        return proven;
      },
      callTerms("openSession", undefined, options?.signal),
    );
    if (now - session.seenAt >= touchAfterMs(session)) touches.add(tenantId, runner, id.slice(), now);
    return shownSession(session);
  }

  /** The sessions of a subject that are not over, the one used last first. One range read, and one get each. */
  async list(subject: string, options?: OperationOptions): Promise<Session[]> {
    const { tenantId, runner } = this.#door;
    this.#assertOwn(subject, "read");
    const found = await runner.readOwn(
      tenantId,
      async (transaction) => await this.#load(transaction, await sessionIds(transaction, subject)),
      callTerms("listSessions", undefined, options?.signal),
    );
    const now = this.#parts.clock.now();
    return found
      .filter(({ session }) => !isOver(session, now))
      .map(({ session }) => shownSession(session))
      .sort((a, b) => b.seenAt - a.seenAt);
  }

  /** Ends one session of a subject; whether there was one. One get. */
  async revoke(subject: string, id: string, options?: OperationOptions): Promise<boolean> {
    const { tenantId, runner } = this.#door;
    this.#assertOwn(subject, "delete");
    const bytes = Buffer.from(String(id), "base64url");
    if (bytes.length !== sessionIdBytes) return false;
    return await runner.transactOwn(
      tenantId,
      async (transaction) => {
        // Under its subject: the id of another's session ends nothing.
        const there = (await transaction.get(subjectKey(subject, bytes))) !== undefined;
        if (there) endSession(transaction, subject, bytes);
        return there;
      },
      callTerms("revokeSession", undefined, options?.signal),
    );
  }

  /** Ends all sessions of a subject, but perhaps one; how many there were. One range read. */
  async revokeAll(
    subject: string,
    options?: OperationOptions & { readonly except?: string | undefined },
  ): Promise<number> {
    const { tenantId, runner } = this.#door;
    this.#assertOwn(subject, "delete");
    return await runner.transactOwn(
      tenantId,
      async (transaction) => {
        const ids = (await sessionIds(transaction, subject)).filter((id) => sessionName(id) !== options?.except);
        for (const id of ids) endSession(transaction, subject, id);
        return ids.length;
      },
      callTerms("revokeSessions", undefined, options?.signal),
    );
  }

  /**
   * Removes sessions that are over, of subjects that never came back; how many. `create` removes those of its subject.
   * Reads all sessions of the tenant, some hundreds in a transaction.
   */
  async sweep(options?: OperationOptions): Promise<number> {
    const { tenantId, runner, access } = this.#door;
    access?.assertAll("delete");
    const { begin, end } = allSessions();
    let swept = 0;
    for (let from: Uint8Array | undefined = begin; from !== undefined; ) {
      const start: Uint8Array = from;
      const batch = await runner.transactOwn(
        tenantId,
        async (transaction) => {
          const { rows } = await transaction.getRange({ begin: start, end }, { limit: sessionSweepRows });
          let count = 0;
          for (const [key, value] of rows) {
            const id = unpack(key)[2];
            const session = id instanceof Uint8Array ? readSession(id, value) : undefined;
            if (!(id instanceof Uint8Array) || session === undefined) continue;
            if (!isOver(session, this.#parts.clock.now())) continue;
            clearSession(transaction, session.subject, id);
            count += 1;
          }
          const last = rows.at(-1)?.[0];
          return { count, next: last === undefined ? undefined : keyAfter(last) };
        },
        callTerms("sweepSessions", undefined, options?.signal),
      );
      swept += batch.count;
      from = batch.next;
    }
    return swept;
  }

  async #load(
    transaction: ReadTransaction,
    ids: readonly Uint8Array[],
  ): Promise<{ readonly id: Uint8Array; readonly session: StoredSession }[]> {
    const found = await siblings(
      ids.map(async (id) => {
        const bytes = await transaction.get(sessionKey(id));
        const session = bytes === undefined ? undefined : readSession(id, bytes);
        return session === undefined ? [] : [{ id, session }];
      }),
    );
    return found.flat();
  }

  #described(options: NewSession): Omit<StoredSession, "id" | "digest"> {
    const now = this.#parts.clock.now();
    const { idleMs = sessionIdleMs, lifetimeMs = sessionLifetimeMs, authenticatedAt = now, note, assurance } = options;
    const { subject, roles } = checkedSubject(this.#door.tenantId, options.subject, options.roles);
    const methods = checkedSubject(this.#door.tenantId, subject, options.methods ?? []).roles;
    const refuse = (part: string): Error => tenantryError("SESSION_INVALID", { part });
    const isTime = (ms: number, longest: number): boolean => Number.isSafeInteger(ms) && ms >= 1 && ms <= longest;
    if (!isTime(idleMs, sessionIdleLongestMs)) throw refuse("idleMs");
    if (!isTime(lifetimeMs, sessionLifetimeLongestMs)) throw refuse("lifetimeMs");
    if (!Number.isSafeInteger(authenticatedAt) || authenticatedAt < 0) throw refuse("authenticatedAt");
    for (const [part, text] of Object.entries({ note, assurance })) {
      if (text !== undefined && (/\p{Surrogate}/u.test(text) || Buffer.byteLength(text) > sessionNoteBytesMax)) {
        throw refuse(part);
      }
    }
    const times = { createdAt: now, seenAt: now, expiresAt: now + lifetimeMs, idleMs, authenticatedAt };
    return { subject, roles, methods, assurance, note, ...times };
  }

  #assertOwn(subject: string, action: RecordAction): void {
    const { tenantId, context, access } = this.#door;
    if (context?.subject !== subject) access?.assertAll(action);
    checkedSubject(tenantId, subject);
  }
}
