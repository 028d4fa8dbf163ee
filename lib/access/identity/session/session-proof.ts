/** The proof of a session: that a token's secret is the one its stored record has the digest of. */
import { tenantryError } from "../../../errors/index.js";
import { decodeSession, isOver, type StoredSession } from "./session-record.js";
import { type SessionToken, sameDigest, secretDigest } from "./session-token.js";

/**
 * The session stored as `bytes`, if the token opens it now.
 *
 * @throws TOKEN_INVALID for every reason there is; a record that cannot be read is its cause.
 */
export function provenSession({ id, secret }: SessionToken, bytes: Uint8Array | undefined, now: number): StoredSession {
  const digest = secretDigest(secret);
  if (bytes === undefined) throw tenantryError("TOKEN_INVALID", {});
  const session = readable(id, bytes);
  if (!sameDigest(session.digest, digest) || isOver(session, now)) throw tenantryError("TOKEN_INVALID", {});
  return session;
}

function readable(id: Uint8Array, bytes: Uint8Array): StoredSession {
  try {
    return decodeSession(id, bytes);
  } catch (cause) {
    throw tenantryError("TOKEN_INVALID", {}, { cause });
  }
}
