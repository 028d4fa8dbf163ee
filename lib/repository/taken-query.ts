/** Queries as callers give them: taken by name, once. */
import { givenName, tenantryError } from "../errors/index.js";
import { type OptionNames, optionNames, takeOptions } from "../options/index.js";
import type { AnyEntity, EntityModel } from "../schema/index.js";
import type { WorkQuery } from "./interface/long-work.js";
import type { BoundedQuery, PageQuery, Query, Selection } from "./query.js";
import type { AnyQuery } from "./query-plan.js";

type AnySelection = Selection<AnyEntity> | undefined;

const range = { index: true, equals: true, from: true, to: true, prefix: true, reverse: true } as const;
const wanted = { ...range, select: true, signal: true, onUnreadable: true } as const;

/** The options of a query, of a count, of a page, and of the query of long work. */
export const queryNames = optionNames<Query<AnyEntity, AnySelection>>({ ...wanted, limit: true });
export const countNames = optionNames<Query<AnyEntity> | BoundedQuery<AnyEntity>>({
  ...wanted,
  limit: true,
  max: true,
});
export const pageNames = optionNames<PageQuery<AnyEntity, AnySelection>>({
  ...wanted,
  size: true,
  cursor: true,
  principal: true,
});
export const workQueryNames = optionNames<WorkQuery<AnyEntity>>(range);

/** A query that was taken, whatever its entity; the parts of a page besides. */
export interface TakenQuery extends AnyQuery, Partial<Pick<PageQuery<AnyEntity>, "size" | "cursor" | "principal">> {}

/**
 * Takes a query of the method `of`.
 *
 * @throws QUERY_INVALID for one that names fields in place of an index and its values, with the index that may be meant
 * @throws OPTION_UNKNOWN, OPTIONS_INVALID
 */
export function takeQuery<E extends AnyEntity, N extends string>(
  model: EntityModel<E>,
  given: object | undefined,
  names: OptionNames<N>,
  of: string,
): TakenQuery {
  if (typeof given === "object" && given !== null) assertNoFields(model, fieldsAmong(model, given, names));
  const query: TakenQuery = takeOptions<Partial<Record<N, unknown>>>(given, names as never, of);
  const { index, equals } = query as { readonly index?: unknown; readonly equals?: unknown };
  if (index !== undefined && typeof index !== "string") {
    const reason = "an index is named by text";
    throw tenantryError("QUERY_INVALID", { entity: model.name, index: givenName(index), reason, lacks: undefined });
  }
  const prototype: unknown = typeof equals === "object" && equals !== null ? Object.getPrototypeOf(equals) : undefined;
  if (prototype === Object.prototype) assertNoFields(model, Object.keys(equals ?? {}));
  return query;
}

/** The fields of the entity among what is no option of a query, also in a `where`. */
function fieldsAmong<E extends AnyEntity, N extends string>(
  model: EntityModel<E>,
  given: object,
  names: OptionNames<N>,
): readonly string[] {
  const strays = Object.keys(given).filter((name) => !names.has(name));
  return strays.flatMap((name) => {
    const value: unknown = name === "where" ? Reflect.get(given, name) : undefined;
    if (typeof value === "object" && value !== null) return Object.keys(value);
    return model.hasField(name.split(".", 1)[0] ?? "") ? [name] : [];
  });
}

function assertNoFields<E extends AnyEntity>(model: EntityModel<E>, named: readonly string[]): void {
  if (named.length === 0) return;
  const fitting = [...model.indexes.values()].find(({ fields }) =>
    named.every((name) => fields.slice(0, named.length).some(({ path }) => path === name)),
  );
  const of = { entity: model.name, index: undefined };
  if (fitting === undefined) {
    const reason = "no index begins with the fields that the query names";
    throw tenantryError("QUERY_INVALID", { ...of, reason, lacks: named });
  }
  const reason = `a query says which index it reads, and its values in order: here ${JSON.stringify(fitting.name)}`;
  throw tenantryError("QUERY_INVALID", { ...of, reason, lacks: undefined });
}
