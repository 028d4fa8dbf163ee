/** The directory: finding tenants by what they are called, and listing them. */

import { tenantryError } from "../errors/index.js";
import type { ControlKeys, KeyRange } from "../keyspace/index.js";
import { pageSizeMax, tenantsListedAtOnceMax } from "../limits/index.js";
import { copiedList, takeOptions } from "../options/index.js";
import type { CursorBinding, CursorSeal } from "../repository/index.js";
import {
  assertPrincipal,
  decodeTenantRecord,
  isExternalKey,
  isTenantName,
  isTenantState,
  parseTenantId,
  type TenantRecord,
  type TenantState,
  tenantStates,
} from "../tenant/index.js";
import { callTerms, siblings } from "../transaction/index.js";
import { equalBytes, keyAfter, pack } from "../tuple/index.js";
import { type ControlPlane, type ControlRowsOptions, controlRows } from "./control-plane.js";
import {
  invalid,
  type ListTenantsOptions,
  listNames,
  pageNames,
  type TenantFilter,
  type TenantPage,
  type TenantPageOptions,
} from "./options.js";
import type { Registry } from "./registry.js";

/** A tenant, and the key that found it. */
interface Found {
  readonly key: Uint8Array;
  readonly record: TenantRecord;
}

/** A filter that was taken: all of it is there. */
interface TakenFilter {
  readonly namePrefix: string | undefined;
  readonly plan: string | undefined;
  /** Undefined for all but erased ones. */
  readonly states: readonly TenantState[] | undefined;
}

/** @throws TENANT_OPTION_INVALID */
function filterOf({ namePrefix, plan, state }: TenantFilter): TakenFilter {
  if (namePrefix !== undefined && !isTenantName(namePrefix)) throw invalid("namePrefix", "not the beginning of a name");
  if (state === undefined) return { namePrefix, plan, states: undefined };
  const given = typeof state === "string" ? [state] : copiedList(state, Object.keys(tenantStates).length);
  if (!given?.every(isTenantState)) throw invalid("state", "neither a state of tenants nor a list of them, each once");
  return { namePrefix, plan, states: given };
}

const accepts =
  ({ states, plan }: TakenFilter): ((record: TenantRecord) => boolean) =>
  (record) =>
    (states === undefined ? record.state !== "erased" : states.includes(record.state)) &&
    (plan === undefined || record.plan === plan);

export class Directory {
  readonly #control: ControlPlane;
  readonly #keys: ControlKeys;
  readonly #seal: CursorSeal;

  constructor({ control, keys }: Registry, seal: CursorSeal) {
    this.#control = control;
    this.#keys = keys;
    this.#seal = seal;
  }

  async byExternalKey(key: string, signal: AbortSignal | undefined): Promise<TenantRecord | undefined> {
    if (!isExternalKey(key)) throw tenantryError("TENANT_PROFILE_INVALID", { part: "externalKey" });
    return await this.#control.system(
      async (transaction) => {
        const value = await transaction.get(this.#keys.externalKey(key));
        const id = value === undefined ? undefined : this.#keys.lastTenant(value);
        return id === undefined ? undefined : await transaction.getTenant(id);
      },
      callTerms("findByExternalKey", undefined, signal),
    );
  }

  list(options: ListTenantsOptions | undefined): AsyncGenerator<TenantRecord, undefined, undefined> {
    return this.#list(takeOptions(options, listNames, "list"));
  }

  async *#list(options: ListTenantsOptions): AsyncGenerator<TenantRecord, undefined, undefined> {
    const { after, limit = Number.POSITIVE_INFINITY, signal } = options;
    const filter = filterOf(options);
    if (!(limit === Number.POSITIVE_INFINITY || Number.isSafeInteger(limit)))
      throw invalid("limit", "not a whole number");
    if (after !== undefined && filter.namePrefix !== undefined) throw invalid("after", "given with a namePrefix");
    const last = after === undefined ? undefined : keyAfter(this.#keys.registryKey(parseTenantId(after)));
    let remaining = limit;
    if (remaining <= 0) return;
    for await (const { record } of this.#found(filter, last, { limit, signal })) {
      yield record;
      if (--remaining <= 0) return;
    }
  }

  async page(given: TenantPageOptions): Promise<TenantPage> {
    const options = takeOptions(given, pageNames, "page");
    const { size, cursor, principal, signal } = options;
    if (!Number.isSafeInteger(size) || size < 1 || size > pageSizeMax) {
      throw tenantryError("PAGE_SIZE_INVALID", { size, pageSizeMax });
    }
    const filter = filterOf(options);
    const query = pack([filter.namePrefix ?? null, filter.plan ?? null, [...(filter.states ?? [])]]);
    assertPrincipal(principal);
    const binding: CursorBinding = { tenantId: "registry", principal, query };
    const position = cursor === undefined ? undefined : await this.#seal.open(cursor, binding);
    const items: TenantRecord[] = [];
    let cut: Uint8Array | undefined;
    for await (const { key, record } of this.#found(filter, position?.cut, { limit: size + 1, signal })) {
      if (items.length === size) {
        return { items, next: cut && (await this.#seal.seal({ direction: "next", cut }, binding)) };
      }
      items.push(record);
      cut = keyAfter(key);
    }
    return { items, next: undefined };
  }

  /** Tenants a filter asks for, from `begin` on. */
  async *#found(
    filter: TakenFilter,
    begin: Uint8Array | undefined,
    options: ControlRowsOptions,
  ): AsyncGenerator<Found, undefined, undefined> {
    const isWanted = accepts(filter);
    const { namePrefix } = filter;
    const whole = namePrefix === undefined ? this.#keys.registryRange : this.#keys.namesWith(namePrefix);
    const range: KeyRange = { begin: begin ?? whole.begin, end: whole.end };
    const rows = controlRows(this.#control, range, options);
    if (namePrefix === undefined) {
      for await (const [key, value] of rows) {
        const record = decodeTenantRecord(value);
        if (isWanted(record)) yield { key, record };
      }
      return;
    }
    let names: Uint8Array[] = [];
    const batch = Math.min(options.limit ?? tenantsListedAtOnceMax, tenantsListedAtOnceMax);
    for await (const [key] of rows) {
      names.push(key);
      if (names.length < batch) continue;
      yield* await this.#named(names, isWanted, options.signal);
      names = [];
    }
    yield* await this.#named(names, isWanted, options.signal);
  }

  /** The tenants of some rows of the index of names. One renamed since the rows were read has a row of its own. */
  async #named(
    names: readonly Uint8Array[],
    isWanted: (record: TenantRecord) => boolean,
    signal: AbortSignal | undefined,
  ): Promise<Found[]> {
    if (names.length === 0) return [];
    const records = await this.#control.system(
      (transaction) =>
        siblings(
          names.map(async (key) => {
            const id = this.#keys.lastTenant(key);
            return id === undefined ? undefined : await transaction.getTenant(id);
          }),
        ),
      callTerms("listTenants", undefined, signal),
    );
    return records.flatMap((record, at) => {
      const key = names[at];
      if (key === undefined || record === undefined) return [];
      const isCurrent = equalBytes(key, this.#keys.nameKey(record.name, record.id));
      return isCurrent && isWanted(record) ? [{ key, record }] : [];
    });
  }
}
