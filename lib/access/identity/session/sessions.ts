/** Sessions: who is signed in to a tenant, kept in the tenant itself. */
import { tenantryError } from "../../../errors/index.js";
import { sessionSweepRows, sessionsPerSubjectMax } from "../../../limits/index.js";
import type { Clock, Random } from "../../../observe/index.js";
import { optionNames, takeOptions } from "../../../options/index.js";
import { type OperationOptions, operationNames, type RecordAction } from "../../../repository/index.js";
import { callTerms, type ReadTransaction, siblings } from "../../../transaction/index.js";
import { keyAfter, unpack } from "../../../tuple/index.js";
import { assertGrantable, checkedSubject, type IdentityDoor, identityChange } from "../identity-door.js";
import { memberRoles } from "../member-record.js";
import { type NewSession, takeNewSession } from "./new-session.js";
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

const revokeNames = optionNames<OperationOptions & { readonly except?: string | undefined }>({
  signal: true,
  except: true,
});

interface Parts {
  readonly clock: Clock;
  readonly random: Random;
  readonly touches: SessionTouches;
}

/**
 * The sessions of one tenant. A session's token is random and opaque; only a digest of it is stored. It ends when it is
 * revoked, when it has not been used for its idle time, and at its end, by the clock that `open` was given.
 *
 * On a handle with a context, everybody may see and end their own sessions; those of others take a right to `sessions`
 * from the roles, where `open` was given some, and signing somebody in takes one to `signIns`.
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
   * On a handle with a context this takes the right to `create` `signIns`, and all roles that the session has and that
   * its subject has as a member; one get more.
   *
   * @throws `SESSION_INVALID` for times or a note out of bounds, `TENANT_CONTEXT_INVALID`, `ACCESS_DENIED`, `OPTION_UNKNOWN`.
   */
  async create(options: NewSession): Promise<{ readonly token: string; readonly session: Session }> {
    const { tenantId, runner, signIns } = this.#door;
    signIns?.assertAll("create");
    const { clock, random } = this.#parts;
    const { signal, ...asked } = takeNewSession(tenantId, options, clock.now());
    const id = random.bytes(sessionIdBytes);
    const secret = random.bytes(sessionSecretBytes);
    const stored: StoredSession = { ...asked, id: sessionName(id), digest: secretDigest(secret) };
    const { subject } = stored;
    assertGrantable(this.#door.context, signIns, stored.roles, "create");
    await runner.transactOwn(
      tenantId,
      async (transaction) => {
        // Where members have roles, a session is as good as these.
        if (signIns !== undefined) {
          const roles = await memberRoles(transaction, subject);
          assertGrantable(this.#door.context, signIns, roles, "create");
        }
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
      callTerms("createSession", undefined, signal),
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
      callTerms("openSession", undefined, takeOptions(options, operationNames, "sessions.open").signal),
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
      callTerms("listSessions", undefined, takeOptions(options, operationNames, "sessions.list").signal),
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
    const { signal } = takeOptions(options, operationNames, "sessions.revoke");
    this.#assertOwn(subject, "delete");
    const bytes = typeof id === "string" ? Buffer.from(id, "base64url") : undefined;
    if (bytes?.length !== sessionIdBytes) return false;
    return await runner.transactOwn(
      tenantId,
      async (transaction) => {
        // Under its subject: the id of another's session ends nothing.
        const there = (await transaction.get(subjectKey(subject, bytes))) !== undefined;
        if (there) endSession(transaction, subject, bytes);
        return there;
      },
      callTerms("revokeSession", undefined, signal),
    );
  }

  /** Ends all sessions of a subject, but perhaps one; how many there were. One range read. */
  async revokeAll(
    subject: string,
    options?: OperationOptions & { readonly except?: string | undefined },
  ): Promise<number> {
    const { tenantId, runner } = this.#door;
    const { except, signal } = takeOptions(options, revokeNames, "sessions.revokeAll");
    this.#assertOwn(subject, "delete");
    return await runner.transactOwn(
      tenantId,
      async (transaction) => {
        const ids = (await sessionIds(transaction, subject)).filter((id) => sessionName(id) !== except);
        for (const id of ids) endSession(transaction, subject, id);
        return ids.length;
      },
      callTerms("revokeSessions", undefined, signal),
    );
  }

  /**
   * Removes sessions that are over, of subjects that never came back; how many. `create` removes those of its subject.
   * Reads all sessions of the tenant, some hundreds in a transaction.
   */
  async sweep(options?: OperationOptions): Promise<number> {
    const { tenantId, runner, access } = this.#door;
    const { signal } = takeOptions(options, operationNames, "sessions.sweep");
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
        callTerms("sweepSessions", undefined, signal),
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

  #assertOwn(subject: string, action: RecordAction): void {
    const { tenantId, context, access } = this.#door;
    if (context?.subject !== subject) access?.assertAll(action);
    checkedSubject(tenantId, subject);
  }
}
