/** Members as they are stored and as users see them. */
import { tenantryError } from "../../errors/index.js";
import { subspacePrefix, subspaces } from "../../keyspace/index.js";
import type { ReadTransaction } from "../../transaction/index.js";
import { pack } from "../../tuple/index.js";
import { recordElements, textsOf } from "./identity-door.js";

/**
 * A subject that belongs to a tenant.
 *
 * @example
 * ```ts
 * import type { Member } from "tenantry";
 * const line = ({ subject, roles, joinedAt }: Member) =>
 *   `${subject} (${roles.join(", ")}) since ${new Date(joinedAt).toISOString()}`;
 * ```
 */
export interface Member {
  readonly subject: string;
  /** Names of roles in this tenant. */
  readonly roles: readonly string[];
  /** Milliseconds since 1970. */
  readonly joinedAt: number;
}

const format = 1;

/** The record of a member: `(12, subject)`. */
export const memberKey = (subject: string): Uint8Array => subspacePrefix(subspaces.members, subject);

export const encodeMember = ({ joinedAt, roles }: Member): Uint8Array => pack([format, joinedAt, [...roles]]);

/** @throws IDENTITY_CORRUPT, with the subject */
export function decodeMember(subject: string, bytes: Uint8Array): Member {
  try {
    const [joinedAt, roles] = recordElements(bytes, "member", format);
    if (typeof joinedAt === "number") return { subject, joinedAt, roles: textsOf(roles, "member") };
  } catch (cause) {
    throw tenantryError("IDENTITY_CORRUPT", { kind: "member", subject }, { cause });
  }
  throw tenantryError("IDENTITY_CORRUPT", { kind: "member", subject });
}

/** As {@link decodeMember}; undefined for what cannot be read. */
export function readableMember(subject: string, bytes: Uint8Array): Member | undefined {
  try {
    return decodeMember(subject, bytes);
  } catch {
    return undefined;
  }
}

/** The roles that a subject has as a member; none when it is none. One get. */
export async function memberRoles(transaction: ReadTransaction, subject: string): Promise<readonly string[]> {
  const bytes = await transaction.get(memberKey(subject));
  return bytes === undefined ? [] : decodeMember(subject, bytes).roles;
}
