/** Where sessions are: by their id, and by their subject. */
import { type KeyRange, subspacePrefix, subspaceRange, subspaces } from "../../../keyspace/index.js";
import { type ReadTransaction, readRows, type TenantTransaction } from "../../../transaction/index.js";
import { unpack } from "../../../tuple/index.js";
import { identityChange } from "../identity-door.js";

/** The record of a session: `(4, "session", id)`. */
export const sessionKey = (id: Uint8Array): Uint8Array => subspacePrefix(subspaces.sessions, "session", id);

/** All records of sessions. */
export const allSessions = (): KeyRange => subspaceRange(subspaces.sessions, "session");

/** That a session is a subject's: `(4, "subject", subject, id)`. */
export const subjectKey = (subject: string, id: Uint8Array): Uint8Array =>
  subspacePrefix(subspaces.sessions, "subject", subject, id);

/** The ids of all sessions of a subject. */
export async function sessionIds(transaction: ReadTransaction, subject: string): Promise<Uint8Array[]> {
  const rows = await readRows(transaction, subspaceRange(subspaces.sessions, "subject", subject));
  return rows.map(([key]) => unpack(key)[3]).filter((id) => id instanceof Uint8Array);
}

/** Clears one session of a subject. */
export function clearSession(transaction: TenantTransaction, subject: string, id: Uint8Array): void {
  transaction.clear(sessionKey(id));
  transaction.clear(subjectKey(subject, id));
}

/** Clears a session that somebody ends, and announces it. */
export function endSession(transaction: TenantTransaction, subject: string, id: Uint8Array): void {
  clearSession(transaction, subject, id);
  const name = sessionName(id);
  transaction.announce(identityChange("#sessions", [subject, name], { subject, session: name }, undefined));
}

/** The name of a session, for people and programs. */
export const sessionName = (id: Uint8Array): string => Buffer.from(id).toString("base64url");

/** Clears all sessions of a subject; how many there were. */
export async function clearSessions(transaction: TenantTransaction, subject: string): Promise<number> {
  const ids = await sessionIds(transaction, subject);
  for (const id of ids) endSession(transaction, subject, id);
  return ids.length;
}
