/** The query validator for those who drive an engine themselves: it says what of a query leaves a tenant. */
import { tenantryError } from "../errors/index.js";
import { arrayLength, copiedBytes } from "../intrinsics/index.js";
import { Keyspace, type TenantRange } from "../keyspace/index.js";
import { keyBytesMax } from "../limits/index.js";
import { optionNames, takeOptions } from "../options/index.js";
import type { TenantId } from "../tenant/index.js";
import { compareBytes, type TupleElement } from "../tuple/index.js";
import { type BoundedSelector, firstKeyOf, resolveSelector, type SelectorLike } from "./selector.js";
import { stampAt, stampTrailerBytes } from "./stamp.js";

/**
 * One use of an engine, in physical bytes: a key (also of a write, an atomic operation or a watch), the key of
 * `setVersionstampedKey`, a range (also of a clear or a conflict) whose ends are keys or selectors, or a selector
 * for `getKey`.
 *
 * @example
 * ```ts
 * import type { TenantQuery } from "tenantry";
 * declare const [begin, end]: [Uint8Array, Uint8Array];
 * const clear: TenantQuery = { begin, end };
 * const scan: TenantQuery = { begin: { key: begin, orEqual: true, offset: 1 }, end };
 * ```
 */
export type TenantQuery =
  | { readonly key: Uint8Array }
  | { readonly versionstampedKey: Uint8Array }
  | { readonly begin: Uint8Array | SelectorLike; readonly end: Uint8Array | SelectorLike }
  | { readonly selector: SelectorLike };

/**
 * What is wrong with a query:
 * - `unknownQuery`: it is none of the shapes of {@link TenantQuery}, or several
 * - `notBytes`: a key is not a Uint8Array
 * - `outside`: a key, or an end of a range, lies outside the tenant
 * - `inverted`: the range ends before it begins
 * - `tooLarge`: a key is above `keyBytesMax`
 * - `stampOutside`: the versionstamp's place overlaps what keeps the key in the tenant, or passes the key's end
 * - `selectorInvalid`: it has no key, boolean `orEqual` and whole `offset` of at most `selectorOffsetMax`
 * - `selectorWalks`: it can come out at, or read, a neighbour's key
 *
 * @example
 * ```ts
 * import type { QueryFault, QueryFaultReason } from "tenantry";
 * declare const faults: QueryFault[];
 * const reasons: QueryFaultReason[] = faults.map((fault) => fault.reason);
 * ```
 */
export type QueryFaultReason =
  | "unknownQuery"
  | "notBytes"
  | "outside"
  | "inverted"
  | "tooLarge"
  | "stampOutside"
  | "selectorInvalid"
  | "selectorWalks";

/**
 * One thing wrong with one query.
 *
 * @example
 * ```ts
 * import type { QueryFault } from "tenantry";
 * const line = ({ index, part, reason }: QueryFault) => `query ${index}: the ${part} is ${reason}`;
 * ```
 */
export interface QueryFault {
  /** The query's place in the list given; 0 for a single one. */
  readonly index: number;
  readonly part: "query" | "key" | "versionstampedKey" | "begin" | "end" | "selector";
  readonly reason: QueryFaultReason;
  /** The range read that gives what the selector asks for without leaving the tenant. */
  readonly instead?: BoundedSelector;
}

/**
 * Where the tenant's keys are.
 *
 * @example
 * ```ts
 * import type { QueryOptions } from "tenantry";
 * const options: QueryOptions = { root: ["shop", 2] };
 * ```
 */
export interface QueryOptions {
  /** The root the database was opened with; `["tenantry"]` by default. */
  readonly root?: readonly TupleElement[] | undefined;
}

const queryNames = optionNames<QueryOptions>({ root: true });

/**
 * What is wrong with queries of a tenant, in physical bytes, before an engine sees them; empty when nothing is.
 * Use {@link assertQuery} to be stopped instead.
 *
 * @throws TENANT_ID_INVALID for an id that is none.
 *
 * @example
 * ```ts
 * import { newTenantId, validateQuery } from "tenantry";
 * const faults = validateQuery(newTenantId(), { key: new Uint8Array([0xff]) });
 * // [{ index: 0, part: "key", reason: "outside" }]
 * ```
 */
export function validateQuery(
  tenantId: TenantId,
  query: TenantQuery | readonly TenantQuery[],
  options?: QueryOptions,
): QueryFault[] {
  const { root } = takeOptions(options, queryNames, "validateQuery");
  const range = new Keyspace(root).tenant(tenantId);
  const length = arrayLength(query);
  const queries: readonly unknown[] = length === undefined ? [query] : (query as readonly unknown[]);
  const faults: QueryFault[] = [];
  for (let index = 0; index < (length ?? 1); index++) {
    for (const fault of queryFaults(queries[index], range)) faults.push({ index, ...fault });
  }
  return faults;
}

/**
 * As {@link validateQuery}, but throws when anything is wrong.
 *
 * @throws ISOLATION_VIOLATION with the first fault's reason; TENANT_ID_INVALID for an id that is none.
 *
 * @example
 * ```ts
 * import { assertQuery, type TenantId } from "tenantry";
 * declare const tenantId: TenantId;
 * declare const key: Uint8Array;
 * assertQuery(tenantId, { key }, { root: ["shop"] });
 * ```
 */
export function assertQuery(
  tenantId: TenantId,
  query: TenantQuery | readonly TenantQuery[],
  options?: QueryOptions,
): void {
  const [fault] = validateQuery(tenantId, query, options);
  if (fault !== undefined) {
    throw tenantryError("ISOLATION_VIOLATION", { operation: "validateQuery", reason: fault.reason });
  }
}

type Fault = Omit<QueryFault, "index">;

function queryFaults(query: unknown, range: TenantRange): Fault[] {
  const unknown: Fault[] = [{ part: "query", reason: "unknownQuery" }];
  if (typeof query !== "object" || query === null) return unknown;
  const shapes = ["key", "versionstampedKey", "begin", "end", "selector"].filter((name) => name in query).join();
  switch (shapes) {
    case "key":
      return "key" in query ? keyFaults(query.key, range) : unknown;
    case "versionstampedKey":
      return "versionstampedKey" in query ? stampedFaults(query.versionstampedKey, range) : unknown;
    case "begin,end":
      return "begin" in query && "end" in query ? rangeFaults(query.begin, query.end, range) : unknown;
    case "selector":
      return "selector" in query ? selectorFaults(query.selector, range) : unknown;
    default:
      return unknown;
  }
}

function keyFaults(given: unknown, range: TenantRange): Fault[] {
  const part = "key";
  const key = copiedBytes(given);
  if (key === undefined) return [{ part, reason: "notBytes" }];
  if (!range.contains(key)) return [{ part, reason: "outside" }];
  return key.length > keyBytesMax ? [{ part, reason: "tooLarge" }] : [];
}

function stampedFaults(given: unknown, range: TenantRange): Fault[] {
  const part = "versionstampedKey";
  const key = copiedBytes(given);
  if (key === undefined) return [{ part, reason: "notBytes" }];
  const body = key.length - stampTrailerBytes;
  if (!range.contains(key, 0, body)) return [{ part, reason: "outside" }];
  const at = stampAt(key, 0);
  if (at === undefined || at <= range.prefixLength) return [{ part, reason: "stampOutside" }];
  return body > keyBytesMax ? [{ part, reason: "tooLarge" }] : [];
}

function rangeFaults(begin: unknown, end: unknown, range: TenantRange): Fault[] {
  const first = boundOf(begin);
  const last = boundOf(end);
  const faults: Fault[] = [];
  const fault = (part: "begin" | "end", bound: Uint8Array | QueryFaultReason): void => {
    if (typeof bound === "string") faults.push({ part, reason: bound });
    else if (!range.containsBound(bound)) faults.push({ part, reason: "outside" });
    else if (bound.length > keyBytesMax + 1) faults.push({ part, reason: "tooLarge" });
  };
  fault("begin", first);
  fault("end", last);
  if (faults.length === 0 && typeof first !== "string" && typeof last !== "string" && compareBytes(first, last) > 0) {
    faults.push({ part: "end", reason: "inverted" });
  }
  return faults;
}

/** The key an end of a range read stands for, which a selector does when it goes to the very next key. */
function boundOf(end: unknown): Uint8Array | QueryFaultReason {
  const key = copiedBytes(end);
  if (key !== undefined) return key;
  const selector = selectorOf(end);
  if (typeof selector === "string") return typeof end === "object" && end !== null ? selector : "notBytes";
  return selector.offset === 1 ? firstKeyOf(selector) : "selectorWalks";
}

function selectorFaults(value: unknown, range: TenantRange): Fault[] {
  const part = "selector";
  const selector = selectorOf(value);
  if (typeof selector === "string") return [{ part, reason: selector }];
  if (!range.containsBound(selector.key)) return [{ part, reason: "outside" }];
  if (selector.key.length > keyBytesMax + 1) return [{ part, reason: "tooLarge" }];
  const instead = resolveSelector(selector, range);
  // Even a selector whose answer lies in the tenant reads on from there, and conflicts, up to a neighbour's key.
  return instead === undefined ? [{ part, reason: "selectorInvalid" }] : [{ part, reason: "selectorWalks", instead }];
}

function selectorOf(value: unknown): SelectorLike | QueryFaultReason {
  if (typeof value !== "object" || value === null) return "selectorInvalid";
  if (!("key" in value && "orEqual" in value && "offset" in value)) return "selectorInvalid";
  const { key: given, orEqual, offset } = value;
  const key = copiedBytes(given);
  if (key === undefined) return "notBytes";
  if (typeof orEqual !== "boolean" || typeof offset !== "number" || !Number.isInteger(offset)) return "selectorInvalid";
  return { key, orEqual, offset };
}
