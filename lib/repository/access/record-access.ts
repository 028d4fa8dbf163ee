/** What one context may do with one entity's records, as a repository asks for it. */
import { tenantryError } from "../../errors/index.js";
import type { TenantContext } from "../../tenant/index.js";
import type { AccessPolicy, AccessRight, Denial, RecordAction } from "./access-policy.js";

/** What all repositories of a database go by. */
export interface AccessRules {
  readonly policy: AccessPolicy;
  /** Throws nothing. */
  readonly onDenied: ((denial: Denial) => void) | undefined;
}

/** Reads that leave out what their context may not see. Any other takes the right to read all records. */
const filtering: ReadonlySet<string> = new Set([
  "get",
  "require",
  "entry",
  "has",
  "getMany",
  "list",
  "first",
  "scan",
  "page",
  "count",
  "explain",
  "watch",
]);

/** The rights an operation cannot do without, one of each row. What it writes is checked record by record as well. */
const needed: Readonly<Record<string, readonly (readonly RecordAction[])[]>> = {
  create: [["create"]],
  createMany: [["create"]],
  put: [["create", "update"]],
  putMany: [["create", "update"]],
  update: [["read"], ["update"]],
  patch: [["read"], ["update"]],
  add: [["read"], ["update"]],
  delete: [["read"], ["delete"]],
  deleteMany: [["read"], ["delete"]],
  transform: [["read"], ["update"]],
  deleteWhere: [["read"], ["delete"]],
  forgetWork: [["update", "delete"]],
  recount: [["read"], ["update"]],
};

/** Operations that work with all records, whatever else they need. */
const whole: ReadonlySet<string> = new Set(["recount"]);

/** The rights of one context over one entity, or over what is called like one. */
export class RecordAccess {
  readonly #rules: AccessRules;
  readonly #context: TenantContext;
  readonly #entity: string;
  readonly #rights = new Map<RecordAction, AccessRight>();

  constructor(rules: AccessRules, context: TenantContext, entity: string) {
    this.#rules = rules;
    this.#context = context;
    this.#entity = entity;
  }

  /** Whether there can be records that the context may not see. */
  get filters(): boolean {
    return this.#right("read") !== true;
  }

  /** Whether the context may see a record; one it may not is as if it were not there. */
  shows(record: object): boolean {
    return permits(this.#right("read"), record);
  }

  /** Lets an operation begin. @throws ACCESS_DENIED when it could do nothing. */
  enter(operation: string): void {
    const rows = needed[operation] ?? [["read"]];
    for (const actions of rows) {
      const [first] = actions;
      if (first !== undefined && actions.every((action) => this.#right(action) === false)) throw this.denied(first);
    }
    const bounded = !whole.has(operation) && (Object.hasOwn(needed, operation) || filtering.has(operation));
    if (!bounded && this.filters) throw this.denied("read");
  }

  /** @throws ACCESS_DENIED unless the context may do this with all records, or all of what is called like an entity. */
  assertAll(action: RecordAction): void {
    if (this.#right(action) !== true) throw this.denied(action);
  }

  /**
   * Lets one record change; undefined is a record that is not there. Whoever may not see what is there is refused as if
   * it were missing where that would be refused, and may never take its place.
   *
   * @throws ACCESS_DENIED
   */
  assertChange(before: object | undefined, after: object | undefined): void {
    if (before !== undefined && !this.shows(before)) {
      if (after !== undefined) this.#assert("create", after);
      throw this.denied("update");
    }
    if (before === undefined) {
      if (after !== undefined) this.#assert("create", after);
    } else if (after === undefined) this.#assert("delete", before);
    else {
      this.#assert("update", before);
      this.#assert("update", after);
    }
  }

  /**
   * Lets what nobody can read be replaced, or removed: that takes the right to do so with all records.
   *
   * @throws ACCESS_DENIED
   */
  assertReplace(after: object | undefined): void {
    this.assertAll("read");
    this.assertAll(after === undefined ? "delete" : "update");
  }

  #assert(action: RecordAction, record: object): void {
    if (!permits(this.#right(action), record)) throw this.denied(action);
  }

  #right(action: RecordAction): AccessRight {
    let right = this.#rights.get(action);
    if (right === undefined) {
      right = this.#rules.policy.right(this.#context, this.#entity, action);
      this.#rights.set(action, right);
    }
    return right;
  }

  /** The error for who may not do this; the denial is told of. */
  denied(action: RecordAction): Error {
    const entity = this.#entity;
    this.#rules.onDenied?.({ context: this.#context, entity, action });
    return tenantryError("ACCESS_DENIED", { entity, action });
  }
}

/** A policy of one's own may answer anything: what is no plain yes is no. */
const permits = (right: AccessRight, record: object): boolean =>
  (typeof right === "function" ? right(record) : right) === true;
