/** Walls: what holds the actor back, and what it must not have done behind one. */
import { AssertionError } from "node:assert";
import type { Access } from "../../../engine/faults/index.js";
import { type PrefixRange, subspaces } from "../../../keyspace/index.js";
import type { AccessPolicy } from "../../../repository/index.js";
import type { TenantContext, TenantId } from "../../../tenant/index.js";
import type { Wall } from "../../generate/attack.js";
import type { KeptRow } from "../assertions.js";
import type { Scene } from "../stage.js";

/** Whom walls of roles are around. */
const held = "eve";

/** Those behind a wall of roles have a role of its name; nobody else is bound. */
export const wallRoles: AccessPolicy = {
  right: ({ subject, roles }, _entity, action) => subject !== held || (roles.includes("reader") && action === "read"),
};

/** On whose behalf the actor acts behind a wall; undefined where none is of roles. */
export const contextBehind = (wall: Wall, tenant: TenantId): TenantContext | undefined =>
  wall === "reader" || wall === "stranger" ? { tenant, subject: held, roles: [wall] } : undefined;

/** Puts a wall around a tenant. */
export async function wallIn(wall: Wall, { db, cast: { acting } }: Scene): Promise<void> {
  if (wall === "suspended") await db.tenants.suspend(acting);
  if (wall !== "limited") return;
  await db.quotas.setOverride(acting, "rate:calls", { perMinute: 0 });
  // By the first call this process learns of it.
  await db.tenant(acting).available();
}

const { usage, attempts, idempotency } = subspaces;

/**
 * The subspaces of a tenant that calls use which are refused, or do nothing: rates are counted, attempts leave markers, and
 * a function that calls nothing has a result under its idempotency key. All the others hold what the tenant has: records,
 * members and sessions, and what is made of them.
 */
const ofCalls: readonly number[] = [usage, attempts, idempotency];

/** Whether a key, behind the tenant's prefix, is of what the tenant has. A record's begins with a text. */
const isContent = (key: Uint8Array, prefixLength: number): boolean =>
  !(key[prefixLength] === 0x15 && ofCalls.includes(key[prefixLength + 1] ?? 0));

const fail = (message: string): never => {
  throw new AssertionError({ message: `assertBehindWall: ${message}` });
};

/** What the wall is about. */
export interface Behind {
  readonly wall: Wall;
  /** The keys of the tenant behind it. */
  readonly range: PrefixRange;
  readonly accesses: readonly Access[];
  readonly before: readonly KeptRow[];
  readonly after: readonly KeptRow[];
}

/** Law: behind a wall nothing that the tenant has is changed; and nothing is read, but by who may read. */
export function assertBehindWall({ wall, range, accesses, before, after }: Behind): void {
  if (wall === "none") return;
  const ofTenant = (key: Uint8Array): boolean => range.contains(key) && isContent(key, range.prefixLength);
  const kept = (rows: readonly KeptRow[]): readonly string[] =>
    rows.filter(({ key }) => ofTenant(key)).map(({ key, value }) => Buffer.concat([key, value]).toString("hex"));
  const [was, is] = [kept(before), kept(after)];
  if (was.length !== is.length || was.some((row, at) => row !== is[at])) fail(`what a ${wall} tenant has was changed`);
  if (wall === "reader") return;
  const reached = accesses.find(({ begin }) => ofTenant(begin));
  if (reached !== undefined) fail(`${reached.operation} reached what a ${wall} tenant has`);
}
