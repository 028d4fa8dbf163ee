/** Membership: which subjects belong to a tenant, and in which roles. */
import { tenantryError } from "../../errors/index.js";
import { subspacePrefix, subspaceRange, subspaces } from "../../keyspace/index.js";
import { membersListedAtOnceMax } from "../../limits/index.js";
import { optionNames, takeOptions } from "../../options/index.js";
import { type OperationOptions, operationNames } from "../../repository/index.js";
import { callTerms, type RecordChange, readRows } from "../../transaction/index.js";
import { keyAfter, pack, unpack } from "../../tuple/index.js";
import { checkedSubject, type IdentityDoor, identityChange, recordElements, textsOf } from "./identity-door.js";
import { clearSessions } from "./session-keys.js";

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

/**
 * Which members to list.
 *
 * @example
 * ```ts
 * import type { ListMembersOptions, Tenant } from "tenantry";
 * declare const tenant: Tenant;
 * const next: ListMembersOptions = { after: "ada", limit: 50 };
 * const members = await tenant.members.list(next);
 * ```
 */
export interface ListMembersOptions extends OperationOptions {
  /** Begins after this subject. */
  readonly after?: string | undefined;
  /** Members at most: 100 unless given, `membersListedAtOnceMax` (1,000) at most. */
  readonly limit?: number | undefined;
}

const listNames = optionNames<ListMembersOptions>({ after: true, limit: true, signal: true });

const format = 1;

const memberKey = (subject: string): Uint8Array => subspacePrefix(subspaces.members, subject);

/** @throws IDENTITY_CORRUPT, with the subject */
function decode(subject: string, bytes: Uint8Array): Member {
  try {
    const [joinedAt, roles] = recordElements(bytes, "member", format);
    if (typeof joinedAt === "number") return { subject, joinedAt, roles: textsOf(roles, "member") };
  } catch (cause) {
    throw tenantryError("IDENTITY_CORRUPT", { kind: "member", subject }, { cause });
  }
  throw tenantryError("IDENTITY_CORRUPT", { kind: "member", subject });
}

/** As `decode`; undefined for what cannot be read. */
function readable(subject: string, bytes: Uint8Array): Member | undefined {
  try {
    return decode(subject, bytes);
  } catch {
    return undefined;
  }
}

const change = (subject: string, before: Member | undefined, after: Member | undefined): RecordChange =>
  identityChange("#members", [subject], before, after);

/**
 * The members of one tenant: who belongs to it, whichever issuer vouches for them. On a handle with a context, everybody
 * may look at their own membership; anything else takes a right to `members` from the roles, where `open` was given some.
 *
 * @example
 * ```ts
 * import type { Tenant } from "tenantry";
 * declare const tenant: Tenant;
 * await tenant.members.add("ada", ["administrator"]);
 * await tenant.members.setRoles("ada", ["author"]);
 * const roles = (await tenant.members.get("ada"))?.roles ?? [];
 * await tenant.members.remove("ada");
 * ```
 */
export class Members {
  readonly #door: IdentityDoor;
  readonly #now: () => number;

  /** @internal */
  constructor(door: IdentityDoor, now: () => number) {
    this.#door = door;
    this.#now = now;
  }

  /**
   * Makes a subject a member. One get.
   *
   * @throws `MEMBER_EXISTS`, `TENANT_CONTEXT_INVALID` for a subject or roles that no context can have, `ACCESS_DENIED`.
   */
  async add(subject: string, roles: readonly string[] = [], options?: OperationOptions): Promise<Member> {
    this.#door.access?.assertAll("create");
    return await this.#write("addMember", subject, roles, options, (before) => {
      if (before !== undefined) throw tenantryError("MEMBER_EXISTS", { subject });
      return this.#now();
    });
  }

  /**
   * Gives a member other roles, in place of all it had. One get.
   *
   * @throws `MEMBER_NOT_FOUND`, `TENANT_CONTEXT_INVALID`, `ACCESS_DENIED`.
   */
  async setRoles(subject: string, roles: readonly string[], options?: OperationOptions): Promise<Member> {
    this.#door.access?.assertAll("update");
    return await this.#write("setMemberRoles", subject, roles, options, (before) => {
      if (before === undefined) throw tenantryError("MEMBER_NOT_FOUND", { subject });
      return before.joinedAt;
    });
  }

  /** Takes a subject out of the tenant, with all its sessions; whether it was a member. One get, one range read. */
  async remove(subject: string, options?: OperationOptions): Promise<boolean> {
    const { tenantId, access, runner } = this.#door;
    access?.assertAll("delete");
    checkedSubject(tenantId, subject);
    const key = memberKey(subject);
    return await runner.transactOwn(
      tenantId,
      async (transaction) => {
        const bytes = await transaction.get(key);
        if (bytes !== undefined) {
          transaction.clear(key);
          transaction.announce(change(subject, readable(subject, bytes), undefined));
        }
        await clearSessions(transaction, subject);
        return bytes !== undefined;
      },
      callTerms("removeMember", undefined, takeOptions(options, operationNames, "members.remove").signal),
    );
  }

  /** A member, or undefined. One get. */
  async get(subject: string, options?: OperationOptions): Promise<Member | undefined> {
    const { tenantId, access, runner, context } = this.#door;
    if (context?.subject !== subject) access?.assertAll("read");
    checkedSubject(tenantId, subject);
    const bytes = await runner.readOwn(
      tenantId,
      (transaction) => transaction.get(memberKey(subject)),
      callTerms("getMember", undefined, takeOptions(options, operationNames, "members.get").signal),
    );
    return bytes === undefined ? undefined : decode(subject, bytes);
  }

  /** Members in the order of their subjects' bytes. One range read per batch of the engine. */
  async list(options?: ListMembersOptions): Promise<Member[]> {
    const { tenantId, access, runner } = this.#door;
    const { after, limit = 100, signal } = takeOptions(options, listNames, "members.list");
    access?.assertAll("read");
    if (!Number.isSafeInteger(limit) || limit < 1 || limit > membersListedAtOnceMax) {
      throw tenantryError("PAGE_SIZE_INVALID", { size: limit, pageSizeMax: membersListedAtOnceMax });
    }
    const all = subspaceRange(subspaces.members);
    const begin = after === undefined ? all.begin : keyAfter(memberKey(checkedSubject(tenantId, after).subject));
    return await runner.readOwn(
      tenantId,
      async (transaction) => {
        const rows = await readRows(transaction, { begin, end: all.end }, { limit });
        return rows.map(([key, value]) => decode(String(unpack(key)[1]), value));
      },
      callTerms("listMembers", undefined, signal),
    );
  }

  #write(
    operation: string,
    subject: string,
    roles: readonly string[],
    options: OperationOptions | undefined,
    joinedAtOf: (before: Member | undefined) => number,
  ): Promise<Member> {
    const { tenantId, runner } = this.#door;
    const checked = checkedSubject(tenantId, subject, roles);
    const key = memberKey(subject);
    return runner.transactOwn(
      tenantId,
      async (transaction) => {
        const bytes = await transaction.get(key);
        const before = bytes === undefined ? undefined : decode(subject, bytes);
        const after = { subject, roles: checked.roles, joinedAt: joinedAtOf(before) };
        transaction.set(key, pack([format, after.joinedAt, [...after.roles]]));
        transaction.announce(change(subject, before, after));
        return after;
      },
      callTerms(operation, undefined, takeOptions(options, operationNames, operation).signal),
    );
  }
}
