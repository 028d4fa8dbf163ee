/** Sessions as they are stored and as users see them. */
import { isTenantryError, tenantryError } from "../../../errors/index.js";
import { sessionTouchMs } from "../../../limits/index.js";
import { pack } from "../../../tuple/index.js";
import { recordElements, textsOf } from "../identity-door.js";
import { sessionName } from "./session-keys.js";

/**
 * A session: somebody signed in, somewhere. Times are milliseconds since 1970.
 *
 * @example
 * ```ts
 * import type { Session } from "tenantry";
 * const line = ({ id, note, seenAt }: Session) => `${id} ${note ?? "?"} last used ${new Date(seenAt).toISOString()}`;
 * ```
 */
export interface Session {
  /** Names the session, for lists and to revoke it; it opens nothing. */
  readonly id: string;
  readonly subject: string;
  readonly roles: readonly string[];
  readonly createdAt: number;
  /** When it was last used, to within a minute or an eighth of `idleMs`. */
  readonly seenAt: number;
  /** When it ends whatever happens. */
  readonly expiresAt: number;
  /** It ends when it is not used for so many milliseconds. */
  readonly idleMs: number;
  /** How the subject signed in, in the words of RFC 8176. */
  readonly methods: readonly string[];
  readonly assurance: string | undefined;
  readonly authenticatedAt: number;
  /** What the program noted, such as the device. */
  readonly note: string | undefined;
}

/** A session and the digest of its secret. */
export interface StoredSession extends Session {
  readonly digest: Uint8Array;
}

const format = 1;

export function encodeSession(session: StoredSession): Uint8Array {
  const { digest, subject, roles, createdAt, seenAt, expiresAt, idleMs, methods, assurance, authenticatedAt, note } =
    session;
  const times = [createdAt, seenAt, expiresAt, idleMs, authenticatedAt];
  return pack([format, digest, subject, [...roles], times, [...methods], assurance ?? null, note ?? null]);
}

const isTextOrNull = (value: unknown): value is string | null => value === null || typeof value === "string";

/** @throws IDENTITY_CORRUPT */
export function decodeSession(id: Uint8Array, bytes: Uint8Array): StoredSession {
  const corrupt = (): Error => tenantryError("IDENTITY_CORRUPT", { kind: "session" });
  const [digest, subject, roles, times, methods, assurance, note] = recordElements(bytes, "session", format);
  if (!(digest instanceof Uint8Array) || typeof subject !== "string") throw corrupt();
  if (!isTextOrNull(assurance) || !isTextOrNull(note) || !Array.isArray(times)) throw corrupt();
  const [createdAt, seenAt, expiresAt, idleMs, authenticatedAt] = times.map(Number);
  if (createdAt === undefined || seenAt === undefined || expiresAt === undefined) throw corrupt();
  if (idleMs === undefined || authenticatedAt === undefined) throw corrupt();
  return {
    id: sessionName(id),
    digest,
    subject,
    roles: textsOf(roles, "session"),
    createdAt,
    seenAt,
    expiresAt,
    idleMs,
    methods: textsOf(methods, "session"),
    assurance: assurance ?? undefined,
    authenticatedAt,
    note: note ?? undefined,
  };
}

/** As `decodeSession`; undefined for what cannot be read, which opens nothing and keeps no other from being read. */
export function readSession(id: Uint8Array, bytes: Uint8Array): StoredSession | undefined {
  try {
    return decodeSession(id, bytes);
  } catch (error) {
    if (isTenantryError(error, "IDENTITY_CORRUPT")) return undefined;
    throw error;
  }
}

/** A session as users see it: without the digest. */
export function shownSession({ digest: _digest, ...session }: StoredSession): Session {
  return session;
}

/** Whether a session is over at a time. A clock that stepped back ends none. */
export const isOver = ({ expiresAt, seenAt, idleMs }: Session, now: number): boolean =>
  now >= expiresAt || now - seenAt >= idleMs;

/** Milliseconds after which a use is worth a write. */
export const touchAfterMs = ({ idleMs }: Session): number => Math.min(sessionTouchMs, idleMs / 8);
