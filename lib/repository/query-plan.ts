/** Query plans: what a query reads, and at what cost; a query that is not one range is refused here. */
import { tenantryError } from "../errors/index.js";
import { planRange, type RangePlan, type RangeQuery } from "../indexes/index.js";
import { scanBatchRowsMax } from "../limits/index.js";
import type { AnyEntity, EntityModel } from "../schema/index.js";
import type { QueryOptions } from "./query.js";

/** What a query says, whatever its entity. */
export interface AnyQuery extends RangeQuery, QueryOptions {
  readonly limit?: number | undefined;
  readonly max?: number | undefined;
  readonly select?: readonly string[] | undefined;
}

/** What a query reads. */
export interface PlannedQuery {
  readonly range: RangePlan;
  readonly reverse: boolean;
  /** Rows at most; infinite when the query does not say. */
  readonly limit: number;
  /** The fields asked for; undefined for whole records. */
  readonly select: readonly string[] | undefined;
  /** Whether the rows read answer by themselves, without a get each. */
  readonly covered: boolean;
}

/**
 * What a query reads and costs, as `explain` tells it.
 *
 * @example
 * ```ts
 * import { entity, type QueryPlan, type TenantRepository } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", {
 *   version: 1,
 *   schema: z.object({ id: z.int(), name: z.string() }),
 *   id: ["id"],
 *   indexes: { byName: { fields: ["name"] } },
 * });
 * declare const cities: TenantRepository<typeof City>;
 * const plan: QueryPlan = cities.explain({ index: "byName", prefix: "Saint-", select: ["id", "name"] });
 * console.log(plan.calls); // { rangeReads: 1, getsPerRow: 0, rowsPerRead: 1000 }
 * ```
 */
export interface QueryPlan {
  readonly entity: string;
  /** The index read; undefined when the rows are the records, by id. */
  readonly index: string | undefined;
  /** The paths of the fields that the rows are ordered by, the id's last. */
  readonly order: readonly string[];
  readonly reverse: boolean;
  /** The keys read, `begin` inclusive and `end` exclusive, relative to the tenant. */
  readonly range: { readonly begin: Uint8Array; readonly end: Uint8Array };
  /** Rows at most; undefined when the query does not say. */
  readonly limit: number | undefined;
  /** Whether the rows answer by themselves. */
  readonly covered: boolean;
  /** The engine calls of each page, or of each batch of a list, scan or count; a count makes no gets. */
  readonly calls: {
    /** 1; 0 when no row can be in the range. */
    readonly rangeReads: 0 | 1;
    /** Gets for every row, all rows of a batch at once: 1 through an index that does not cover what is selected. */
    readonly getsPerRow: 0 | 1;
    /** Rows that one range read asks for at most. */
    readonly rowsPerRead: number;
  };
}

/** All that a query of any kind may say: a misspelt bound must not widen a range in silence. */
const queryOptions: ReadonlySet<string> = new Set([
  "index",
  "equals",
  "from",
  "to",
  "prefix",
  "reverse",
  "limit",
  "max",
  "select",
  "signal",
  "size",
  "cursor",
  "principal",
]);

const isWhole = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

/** The fields that a query names in place of an index and its values; none when it does not. */
function fieldsNamed<E extends AnyEntity>(model: EntityModel<E>, query: AnyQuery): readonly string[] {
  const strays = Object.entries(query).filter(([option]) => !queryOptions.has(option));
  const named = strays.flatMap(([option, value]) => {
    if (option === "where" && typeof value === "object" && value !== null) return Object.keys(value);
    return model.hasField(option.split(".", 1)[0] ?? "") ? [option] : [];
  });
  const { equals } = query;
  const prototype: unknown = typeof equals === "object" && equals !== null ? Object.getPrototypeOf(equals) : undefined;
  return prototype === Object.prototype ? [...named, ...Object.keys(equals ?? {})] : named;
}

/**
 * Plans a query.
 *
 * @throws `QUERY_INVALID` when it is not one range, with the index that it lacks
 * @throws `KEY_VALUE_INVALID` or `RECORD_ID_INVALID` for a value that is not one of its field
 */
export function planQuery<E extends AnyEntity>(model: EntityModel<E>, query: AnyQuery): PlannedQuery {
  const { index, limit, max, select, reverse = false } = query;
  const refuse = (reason: string, lacks?: readonly string[]): never => {
    throw tenantryError("QUERY_INVALID", { entity: model.name, index, reason, lacks });
  };
  const named = fieldsNamed(model, query);
  if (named.length > 0) {
    const fitting = [...model.indexes.values()].find(({ fields }) =>
      named.every((name) => fields.slice(0, named.length).some(({ path }) => path === name)),
    );
    if (fitting === undefined) refuse("no index begins with the fields that the query names", named);
    else refuse(`a query says which index it reads, and its values in order: here ${JSON.stringify(fitting.name)}`);
  }
  const stray = Object.keys(query).find((option) => !queryOptions.has(option));
  if (stray !== undefined) refuse(`a query has no option ${JSON.stringify(stray)}`);
  if (limit !== undefined && !isWhole(limit)) refuse("a limit is a whole number from 0");
  if (max !== undefined && !isWhole(max)) refuse("a maximum is a whole number from 0");
  const range = planRange(model, query);
  if (select !== undefined) {
    if (!Array.isArray(select) || select.length === 0) refuse("a selection names one field or more");
    const unknown = select.find((name) => typeof name !== "string" || !model.hasField(name));
    if (unknown !== undefined) refuse(`the entity has no field ${JSON.stringify(unknown)} to select`);
  }
  const answers = (name: string): boolean =>
    range.index?.covered.has(name) === true || model.idFields.some(({ path }) => path === name);
  const covered = range.index === undefined || (select?.every(answers) ?? false);
  return { range, reverse, limit: limit ?? Number.POSITIVE_INFINITY, select, covered };
}

/** What a planned query reads and costs. */
export function explainPlan<E extends AnyEntity>(model: EntityModel<E>, planned: PlannedQuery): QueryPlan {
  const { range, reverse, limit, covered } = planned;
  const ids = model.idFields.map(({ path }) => path);
  return {
    entity: model.name,
    index: range.index?.name,
    order: [...(range.index?.fields.map(({ path }) => path) ?? []), ...ids],
    reverse,
    range: { begin: range.begin, end: range.end },
    limit: Number.isFinite(limit) ? limit : undefined,
    covered,
    calls: {
      rangeReads: range.empty || limit === 0 ? 0 : 1,
      getsPerRow: covered ? 0 : 1,
      rowsPerRead: Math.min(limit, scanBatchRowsMax),
    },
  };
}
