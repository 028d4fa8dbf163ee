/** Plans: the one range of keys, of the records or of an index, that a query reads. */
import { tenantryError } from "../errors/index.js";
import { indexPrefix, recordPrefix } from "../keyspace/index.js";
import { copiedList } from "../options/index.js";
import { type AnyEntity, copiedKeyValue, type EntityModel, type IndexModel } from "../schema/index.js";
import { compareBytes, concatBytes, strinc } from "../tuple/index.js";

/** The range of a query as it arrives: what the compiler allows is narrower. */
export interface RangeQuery {
  readonly index?: string | undefined;
  readonly equals?: unknown;
  readonly from?: unknown;
  readonly to?: unknown;
  readonly prefix?: unknown;
}

/** The tenant-relative keys `[begin, end)` that hold a query's rows. */
export interface RangePlan {
  /** The index read; undefined when the rows are the records themselves. */
  readonly index: IndexModel | undefined;
  /** What all keys of the index, or of the entity's records, begin with. */
  readonly prefix: Uint8Array;
  readonly begin: Uint8Array;
  readonly end: Uint8Array;
  /** Whether no key can be in the range (`from` is not below `to`): it needs no read. */
  readonly empty: boolean;
}

/** Above every element of a tuple, below every key that does not begin alike. */
const afterElements = Uint8Array.of(0xff);

/**
 * The values of a bound in a copy: it is one value or a tuple of them, since no field of a key has an array as its value.
 * Undefined for more values than there are fields.
 */
export function boundValues(bound: unknown, fields: number): readonly unknown[] | undefined {
  if (bound === undefined) return [];
  return (Array.isArray(bound) ? copiedList(bound, fields) : [bound])?.map(copiedKeyValue);
}

/**
 * Finds the range of a query.
 *
 * @throws `QUERY_INVALID` for an index the entity lacks, for more values than the index or the id has fields, for a
 * prefix beside other bounds, for a `from` above its `to`, and for bounds over fields that are ordered both ways
 * @throws `KEY_VALUE_INVALID` for a value that is not one of its field
 */
export function planRange<E extends AnyEntity>(model: EntityModel<E>, query: RangeQuery): RangePlan {
  const index = query.index === undefined ? undefined : model.indexes.get(query.index);
  const invalid = (reason: string): Error =>
    tenantryError("QUERY_INVALID", { entity: model.name, index: query.index, reason, lacks: undefined });
  if (query.index !== undefined && index === undefined) throw invalid("the entity has no index of this name");

  const prefix = index === undefined ? recordPrefix(model.name) : indexPrefix(model.name, index.name);
  const keys: KeyOrder = index ?? {
    fields: model.idFields,
    encodeValues: (values) => model.encodeIdValues(values),
    encodeBeginning: (values, text) => model.encodeIdBeginning(values, text),
  };
  return { index, prefix, ...planBounds(prefix, keys, query, invalid) };
}

/** What orders the keys of a range behind their prefix. */
export type KeyOrder = Pick<IndexModel, "fields" | "encodeValues" | "encodeBeginning">;

type Bounds = Pick<RangePlan, "begin" | "end" | "empty">;
type Values = readonly unknown[];

const after = (key: Uint8Array): Uint8Array => concatBytes(key, afterElements);

/** The bounds of a range of the keys behind a prefix; throws what `invalid` makes of a reason. */
export function planBounds(
  prefix: Uint8Array,
  keys: KeyOrder,
  query: Omit<RangeQuery, "index">,
  invalid: (reason: string) => Error,
): Bounds {
  const { fields } = keys;
  const tooMany = "there are more values than the index, or the id, has fields";
  const valuesOf = (bound: unknown): Values => {
    const values = boundValues(bound, fields.length);
    if (values === undefined) throw invalid(tooMany);
    return values;
  };
  const keyOf = (values: Values): Uint8Array => {
    if (values.length > fields.length) throw invalid(tooMany);
    return concatBytes(prefix, keys.encodeValues(values));
  };
  const equals = valuesOf(query.equals);
  if (query.prefix !== undefined) {
    if (query.from !== undefined || query.to !== undefined) throw invalid("a prefix goes without from and to");
    if (equals.length >= fields.length) throw invalid(tooMany);
    const first = concatBytes(prefix, keys.encodeBeginning(equals, query.prefix));
    return { begin: first, end: strinc(first), empty: false };
  }
  const [from, to] = [query.from, query.to].map((bound) => {
    if (bound === undefined) return undefined;
    const values = valuesOf(bound);
    if (values.length === 0) throw invalid("a bound has one value or more");
    return [...equals, ...values];
  });
  const fixed = from === undefined || to === undefined ? equals.length : sharedLength(from, to, equals.length, keyOf);
  return boundsOf({ fields, keyOf, invalid }, (from ?? to ?? equals).slice(0, fixed), from, to);
}

/** How many values both bounds begin with: those of all that lies between them. At least `length`, and not all of `to`. */
function sharedLength(from: Values, to: Values, length: number, keyOf: (values: Values) => Uint8Array): number {
  for (let shared = length; ; shared++) {
    if (shared === from.length || shared >= to.length - 1) return shared;
    if (compareBytes(keyOf(from.slice(0, shared + 1)), keyOf(to.slice(0, shared + 1))) !== 0) return shared;
  }
}

/** What bounds are made with. */
interface Bounding extends Pick<KeyOrder, "fields"> {
  keyOf(values: Values): Uint8Array;
  invalid(reason: string): Error;
}

/** The keys that begin with the `fixed` values, and go on from those of `from` to before those of `to`, in the order of values. */
function boundsOf({ fields, keyOf, invalid }: Bounding, fixed: Values, from?: Values, to?: Values): Bounds {
  const all = keyOf(fixed);
  const [lower, upper] = [from, to].map((bound) =>
    bound === undefined || bound.length === fixed.length ? undefined : keyOf(bound),
  );
  if (lower === undefined && upper === undefined) return { begin: all, end: after(all), empty: false };
  const bounded = fields.slice(fixed.length, Math.max(from?.length ?? 0, to?.length ?? 0));
  const descending = bounded[0]?.descending === true;
  if (bounded.some((field) => field.descending !== descending)) {
    throw invalid("from and to are about fields of one order: give the values of the first ones as equals");
  }
  // A bound is about values: what has none is in the range only if it begins with null.
  const none = bounded[0]?.nullish === true && lower === undefined ? keyOf([...fixed, null]) : undefined;
  const [begin, end] = descending
    ? [upper === undefined ? all : after(upper), lower === undefined ? (none ?? after(all)) : after(lower)]
    : [lower ?? (none === undefined ? all : after(none)), upper ?? after(all)];
  const order = compareBytes(begin, end);
  if (order > 0 && lower !== undefined && upper !== undefined) {
    throw invalid("from is above to: from is the lower value, also of a descending index and with reverse");
  }
  return { begin, end, empty: order >= 0 };
}
