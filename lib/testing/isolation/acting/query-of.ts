/** A script's queries, made for an entity: bounds from what its records have in the index asked. */
import { planGroups } from "../../../aggregates/index.js";
import { isTenantryError } from "../../../errors/index.js";
import { planRange } from "../../../indexes/index.js";
import { type AnyEntity, type IndexModel, type KeyField, modelOf } from "../../../schema/index.js";
import type { BoundPick, QueryPick } from "../../generate/script.js";

/** A query without its types. */
export interface AnyQuery {
  readonly index: string | undefined;
  readonly equals: unknown;
  readonly from: unknown;
  readonly to: unknown;
  readonly prefix: string | undefined;
  readonly select: readonly string[] | undefined;
  readonly reverse: boolean;
  readonly limit: number | undefined;
}

/** The values of a record's first entry, which tells those of an array's elements too; undefined when it has none. */
function entryOf(index: IndexModel, record: unknown): readonly unknown[] | undefined {
  try {
    const [entry] = index.valuesOf(record);
    return entry && index.decodeValues(entry.values).values;
  } catch (error) {
    // Values that have no place in the index: the repository says so when it is asked.
    if (isTenantryError(error)) return undefined;
    throw error;
  }
}

type RecordAt = (record: number) => unknown;

/** What a bound stands for: values that a record has in an index, or among its id fields. */
function boundOf(
  index: IndexModel | undefined,
  idFields: readonly KeyField[],
  recordAt: RecordAt,
  pick: BoundPick | undefined,
): unknown {
  if (pick === undefined || "value" in pick) return pick?.value;
  const record = recordAt(pick.record);
  const values = index && entryOf(index, record);
  return (values ?? (index?.fields ?? idFields).map((field) => field.get(record))).slice(0, pick.fields);
}

/** The two bounds of a range, exchanged where the first lies above the second: most of what is drawn is to be answered. */
function ordered({ from, to }: Pick<AnyQuery, "from" | "to">, plan: () => unknown) {
  try {
    plan();
    return { from, to };
  } catch {
    return { from: to, to: from };
  }
}

/** The query that `pick` stands for; `recordAt` gives the entity's records by their number. */
export function queryOf(entity: AnyEntity, pick: QueryPick, recordAt: RecordAt): AnyQuery {
  const model = modelOf(entity);
  const { equals, from, to, prefix, reverse, limit } = pick;
  const names = [undefined, ...model.indexes.keys()];
  const name = names[pick.index % names.length];
  const index = name === undefined ? undefined : model.indexes.get(name);
  const bound = (at: BoundPick | undefined): unknown => boundOf(index, model.idFields, recordAt, at);
  // A query has one way to bound its range.
  const bounds = { index: name, equals: bound(equals), from: bound(from), to: bound(to) };
  const planned = (): unknown => planRange(model, bounds);
  const range = prefix === undefined ? ordered(bounds, planned) : { from: undefined, to: undefined };
  // First what an entry answers by itself.
  const selectable = new Set([...(index?.covered ?? []), ...Object.keys(entity.schema._zod.def.shape)]);
  const select = pick.select === undefined ? undefined : [...selectable].slice(0, pick.select);
  return { index: name, equals: bounds.equals, ...range, prefix, select, reverse, limit };
}

/** The aggregate that `pick` asks for, and a group or a range of groups of it. */
export function aggregateQueryOf(entity: AnyEntity, pick: QueryPick, recordAt: RecordAt) {
  const model = modelOf(entity);
  const { equals, from, to, prefix, reverse, limit } = pick;
  const names = [...model.aggregates.keys()];
  const name = names[pick.index % Math.max(1, names.length)] ?? "none";
  const bound = (at: BoundPick | undefined): unknown =>
    boundOf(model.aggregates.get(name)?.groups, model.idFields, recordAt, at);
  const bounds = { equals: bound(equals), from: bound(from), to: bound(to) };
  const range = ordered(bounds, () => planGroups(model, name, bounds));
  return { name, query: { equals: bounds.equals, ...range, prefix, reverse, limit } };
}
