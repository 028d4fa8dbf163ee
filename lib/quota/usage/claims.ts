/** Claims: things that are used by name, such as seats, each once. */
import { givenName, tenantryError } from "../../errors/index.js";
import { quotaClaimBytesMax, scanBatchRowsMax } from "../../limits/index.js";
import { optionNames, takeOptions } from "../../options/index.js";
import type { RecordAccess } from "../../repository/index.js";
import type { TenantRecord } from "../../tenant/index.js";
import { type ReadTransaction, rangeAfter, readRows, type TenantTransaction } from "../../transaction/index.js";
import { unpack } from "../../tuple/index.js";
import type { PlanBook } from "../plan/plan-book.js";
import { Ledger } from "./ledger.js";
import { claimed, UsageKeys } from "./resource.js";
import type { Turns } from "./turns.js";

/**
 * The claims of one resource in a tenant, each in the name of whoever has it. Claiming and releasing may be repeated. On a
 * handle with a context everything here takes a right to `quotas` from the roles, where `open` was given some: to `create`
 * for `claim`, to `delete` for `release`, to `read` for the rest. `ACCESS_DENIED` otherwise.
 *
 * @example
 * ```ts
 * import type { Claims, Tenant } from "tenantry";
 * declare const tenant: Tenant;
 * const seats: Claims = tenant.quotas.claims("seats");
 * await seats.claim("ada@example.com"); // true; throws QUOTA_EXCEEDED when all are taken
 * await seats.release("ada@example.com"); // true
 * ```
 */
export interface Claims {
  /** Claims in a name; false when it has one already. Two gets. @throws `QUOTA_EXCEEDED`, `QUOTA_CLAIM_INVALID` */
  claim(name: string): Promise<boolean>;
  /** Gives the claim of a name back; false when it has none. Two gets. Always passes. */
  release(name: string): Promise<boolean>;
  /** Whether a name has one. One get. */
  has(name: string): Promise<boolean>;
  /** The names that have one, in the order of their UTF-8 bytes, `limit` at most, those after `after`. */
  list(options?: ListClaimsOptions): Promise<string[]>;
}

/**
 * Which claims to list.
 *
 * @example
 * ```ts
 * import type { ListClaimsOptions, Tenant } from "tenantry";
 * declare const tenant: Tenant;
 * const next: ListClaimsOptions = { after: "ada@example.com", limit: 50 };
 * const names = await tenant.quotas.claims("seats").list(next);
 * ```
 */
export interface ListClaimsOptions {
  /** Begins after this name. */
  readonly after?: string | undefined;
  /** Names at most: `scanBatchRowsMax` (1,000) unless given. */
  readonly limit?: number | undefined;
}

const listNames = optionNames<ListClaimsOptions>({ after: true, limit: true });

/** What is stored under a claim: its format. */
const mark = Uint8Array.of(1);

function assertName(name: unknown): asserts name is string {
  const fits =
    typeof name === "string" &&
    name.length > 0 &&
    !/\p{Surrogate}/u.test(name) &&
    Buffer.byteLength(name) <= quotaClaimBytesMax;
  if (!fits) throw tenantryError("QUOTA_CLAIM_INVALID", { quotaClaimBytesMax });
}

/** How claims are reached: by transactions of their own, or inside one. */
export interface ClaimWay {
  write<T>(fn: (transaction: TenantTransaction, tenant: TenantRecord | undefined) => Promise<T>): Promise<T>;
  read<T>(fn: (transaction: ReadTransaction) => Promise<T>): Promise<T>;
}

/** Inside a transaction: each operation reads before it writes, so they follow one another. */
export function joinedClaims(transaction: TenantTransaction, tenant: TenantRecord | undefined): ClaimWay {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
  return {
    write: (fn) => inTurn(() => fn(transaction, tenant)),
    read: (fn) => inTurn(() => fn(transaction)),
  };
}

/** What claims work with. */
export interface ClaimParts {
  readonly way: ClaimWay;
  /** What whoever claims may do; undefined for anything. */
  readonly access: RecordAccess | undefined;
  readonly book: PlanBook;
  readonly turns: Turns;
}

export class ResourceClaims implements Claims {
  readonly #resource: string;
  readonly #way: ClaimWay;
  readonly #access: RecordAccess | undefined;
  readonly #book: PlanBook;
  readonly #turns: Turns;
  readonly #keys = UsageKeys.ofTenant;

  /** @throws QUOTA_UNKNOWN when no plan has the resource. */
  constructor(resource: string, { way, access, book, turns }: ClaimParts) {
    if (!book.hasResource(resource))
      throw tenantryError("QUOTA_UNKNOWN", { kind: "resource", name: givenName(resource) });
    this.#resource = resource;
    this.#way = way;
    this.#access = access;
    this.#book = book;
    this.#turns = turns;
    Object.freeze(this);
  }

  async claim(name: string): Promise<boolean> {
    this.#access?.assertAll("create");
    assertName(name);
    return await this.#change(name, true);
  }

  async release(name: string): Promise<boolean> {
    this.#access?.assertAll("delete");
    assertName(name);
    return await this.#change(name, false);
  }

  async has(name: string): Promise<boolean> {
    this.#access?.assertAll("read");
    assertName(name);
    const key = this.#keys.claim(this.#resource, name);
    return await this.#way.read(async (transaction) => (await transaction.get(key)) !== undefined);
  }

  async list(options?: ListClaimsOptions): Promise<string[]> {
    const { after, limit = scanBatchRowsMax } = takeOptions(options, listNames, "claims.list");
    this.#access?.assertAll("read");
    if (after !== undefined) assertName(after);
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw tenantryError("QUOTA_AMOUNT_INVALID", { resource: this.#resource });
    }
    const all = this.#keys.claims(this.#resource);
    const range = after === undefined ? all : rangeAfter(all, this.#keys.claim(this.#resource, after), false);
    const prefix = this.#keys.claimPrefixLength(this.#resource);
    return await this.#way.read(async (transaction) => {
      const rows = await readRows(transaction, range, { limit });
      return rows.map(([key]) => nameIn(key.subarray(prefix)));
    });
  }

  /** Has a name hold a claim, or none; false when it is so already. */
  #change(name: string, held: boolean): Promise<boolean> {
    const key = this.#keys.claim(this.#resource, name);
    return this.#way.write(async (transaction, tenant) => {
      if (tenant === undefined) throw tenantryError("TENANT_UNAVAILABLE", {});
      const isHeld = (await transaction.get(key)) !== undefined;
      if (isHeld === held) return false;
      const ledger = await Ledger.open(transaction, this.#keys, this.#turns.next(tenant));
      const limit = this.#book.grant(tenant).counted.get(this.#resource);
      await ledger.change(claimed(this.#resource), [limit], [held ? 1 : -1]);
      if (held) transaction.set(key, mark);
      else transaction.clear(key);
      return true;
    });
  }
}

function nameIn(packed: Uint8Array): string {
  const [name] = unpack(packed);
  if (typeof name !== "string") throw tenantryError("QUOTA_CORRUPT", { part: "claim" });
  return name;
}
