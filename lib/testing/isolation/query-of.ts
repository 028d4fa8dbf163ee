/** A script's queries, made for an entity: bounds from what its records have in the index asked. */
import { isTenantryError } from "../../errors/index.js";
import { type AnyEntity, type IndexModel, modelOf } from "../../schema/index.js";
import type { BoundPick, QueryPick } from "../generate/script.js";

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

/** The query that `pick` stands for; `recordAt` gives the entity's records by their number. */
export function queryOf(entity: AnyEntity, pick: QueryPick, recordAt: (record: number) => unknown): AnyQuery {
  const model = modelOf(entity);
  const { equals, from, to, prefix, reverse, limit } = pick;
  const names = [undefined, ...model.indexes.keys()];
  const name = names[pick.index % names.length];
  const index = name === undefined ? undefined : model.indexes.get(name);
  const bound = (at: BoundPick | undefined): unknown => {
    if (at === undefined || "value" in at) return at?.value;
    const record = recordAt(at.record);
    const values = index && entryOf(index, record);
    return (values ?? (index?.fields ?? model.idFields).map((field) => field.get(record))).slice(0, at.fields);
  };
  // A query has one way to bound its range.
  const range = prefix === undefined ? { from: bound(from), to: bound(to) } : { from: undefined, to: undefined };
  // First what an entry answers by itself.
  const selectable = new Set([...(index?.covered ?? []), ...Object.keys(entity.schema._zod.def.shape)]);
  const select = pick.select === undefined ? undefined : [...selectable].slice(0, pick.select);
  return { index: name, equals: bound(equals), ...range, prefix, select, reverse, limit };
}
