/** Query plans: what a query reads, and at what cost; a query that is not one range is refused here. */
import { givenName, tenantryError } from "../errors/index.js";
import { planRange, type RangePlan, type RangeQuery } from "../indexes/index.js";
import { scanBatchRowsMax, selectedFieldsMax } from "../limits/index.js";
import { copiedList } from "../options/index.js";
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

const isWhole = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

/** The fields that a query selects, in a copy. */
function selectionOf<E extends AnyEntity>(
  model: EntityModel<E>,
  select: unknown,
  refuse: (reason: string) => never,
): readonly string[] {
  const names = copiedList(select, selectedFieldsMax) ?? refuse("a selection is an array of the names of fields");
  if (names.length === 0) refuse("a selection names one field or more");
  return names.map((name) => {
    if (typeof name === "string" && model.hasField(name)) return name;
    return refuse(`the entity has no field ${JSON.stringify(givenName(name))} to select`);
  });
}

/**
 * Plans a query that was taken.
 *
 * @throws `QUERY_INVALID` when it is not one range
 * @throws `KEY_VALUE_INVALID` or `RECORD_ID_INVALID` for a value that is not one of its field
 */
export function planQuery<E extends AnyEntity>(model: EntityModel<E>, query: AnyQuery): PlannedQuery {
  const { index, limit, max, reverse = false } = query;
  const refuse = (reason: string): never => {
    throw tenantryError("QUERY_INVALID", { entity: model.name, index, reason, lacks: undefined });
  };
  if (limit !== undefined && !isWhole(limit)) refuse("a limit is a whole number from 0");
  if (max !== undefined && !isWhole(max)) refuse("a maximum is a whole number from 0");
  const range = planRange(model, query);
  const select = query.select === undefined ? undefined : selectionOf(model, query.select, refuse);
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
    range: { begin: range.begin.slice(), end: range.end.slice() },
    limit: Number.isFinite(limit) ? limit : undefined,
    covered,
    calls: {
      rangeReads: range.empty || limit === 0 ? 0 : 1,
      getsPerRow: covered ? 0 : 1,
      rowsPerRead: Math.min(limit, scanBatchRowsMax),
    },
  };
}
