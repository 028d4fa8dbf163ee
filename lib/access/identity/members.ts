/** Membership: which subjects belong to a tenant, and in which roles. */
import { tenantryError } from "../../errors/index.js";
import { subspaceRange, subspaces } from "../../keyspace/index.js";
import { membersListedAtOnceMax } from "../../limits/index.js";
import { optionNames, takeOptions } from "../../options/index.js";
import { type OperationOptions, operationNames } from "../../repository/index.js";
import type { TenantContext } from "../../tenant/index.js";
import { type CallTerms, callTerms, type RecordChange, readRows } from "../../transaction/index.js";
import { keyAfter, unpack } from "../../tuple/index.js";
import { assertGrantable, checkedSubject, type IdentityDoor, identityChange } from "./identity-door.js";
import { decodeMember, encodeMember, type Member, memberKey, readableMember } from "./member-record.js";
import { clearSessions } from "./session/session-keys.js";

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
   * Makes a subject a member. One get. On a handle with a context, whoever grants a role has to have it.
   *
   * @throws `MEMBER_EXISTS`, `TENANT_CONTEXT_INVALID` for a subject or roles that no context can have, `ACCESS_DENIED`.
   */
  async add(subject: string, roles: readonly string[] = [], options?: OperationOptions): Promise<Member> {
    const { tenantId, access, context } = this.#door;
    access?.assertAll("create");
    const checked = checkedSubject(tenantId, subject, roles);
    // Before anything is read: who may not grant them learns of nobody.
    assertGrantable(context, access, checked.roles, "create");
    const { signal } = takeOptions(options, operationNames, "members.add");
    return await this.#write(checked, callTerms("addMember", undefined, signal), (before) => {
      if (before !== undefined) throw tenantryError("MEMBER_EXISTS", { subject });
      return this.#now();
    });
  }

  /**
   * Gives a member other roles, in place of all it had. One get. On a handle with a context, whoever grants a role that
   * the member has not has to have it.
   *
   * @throws `MEMBER_NOT_FOUND`, `TENANT_CONTEXT_INVALID`, `ACCESS_DENIED`.
   */
  async setRoles(subject: string, roles: readonly string[], options?: OperationOptions): Promise<Member> {
    const { tenantId, access, context } = this.#door;
    access?.assertAll("update");
    const checked = checkedSubject(tenantId, subject, roles);
    const { signal } = takeOptions(options, operationNames, "members.setRoles");
    return await this.#write(checked, callTerms("setMemberRoles", undefined, signal), (before) => {
      if (before === undefined) throw tenantryError("MEMBER_NOT_FOUND", { subject });
      const granted = checked.roles.filter((role) => !before.roles.includes(role));
      assertGrantable(context, access, granted, "update");
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
          transaction.announce(change(subject, readableMember(subject, bytes), undefined));
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
    return bytes === undefined ? undefined : decodeMember(subject, bytes);
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
        return rows.map(([key, value]) => decodeMember(String(unpack(key)[1]), value));
      },
      callTerms("listMembers", undefined, signal),
    );
  }

  /** Writes a member; `joinedAtOf` says since when it is one, or refuses. */
  #write(
    { subject, roles }: TenantContext,
    terms: CallTerms,
    joinedAtOf: (before: Member | undefined) => number,
  ): Promise<Member> {
    const { tenantId, runner } = this.#door;
    const key = memberKey(subject);
    return runner.transactOwn(
      tenantId,
      async (transaction) => {
        const bytes = await transaction.get(key);
        const before = bytes === undefined ? undefined : decodeMember(subject, bytes);
        const after = { subject, roles, joinedAt: joinedAtOf(before) };
        transaction.set(key, encodeMember(after));
        transaction.announce(change(subject, before, after));
        return after;
      },
      terms,
    );
  }
}
