/** What a query over an entity may say: one index (or the id), one range of it, its direction and its end. */
import type { AnyEntity, IdRange, IndexName, IndexRange, Infer } from "../schema/index.js";
import type { PassOverOptions } from "./interface/unreadable.js";

/** What every query may say besides its range. */
export type QueryOptions = PassOverOptions & {
  /** Reads the range from its end: `from` and `to` keep their meaning, the order of the rows turns round. */
  readonly reverse?: boolean | undefined;
  /** Ends the work with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
};

/** The range of a query: over the id, or over one index; an index chosen at run time is read whole. */
export type QueryRange<E extends AnyEntity> =
  | ({ readonly index?: undefined } & IdRange<E>)
  | {
      readonly index: IndexName<E>;
      readonly equals?: undefined;
      readonly from?: undefined;
      readonly to?: undefined;
      readonly prefix?: undefined;
    }
  | { [I in IndexName<E>]: { readonly index: I } & IndexRange<E, I> }[IndexName<E>];

/**
 * The fields of a record that a query may ask for alone.
 *
 * @example
 * ```ts
 * import { entity, type Selection } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 * const names: Selection<typeof City> = ["id", "name"];
 * ```
 */
export type Selection<E extends AnyEntity> = readonly (keyof Infer<E> & string)[];

/**
 * What a query with the selection `S` gives: these fields, or whole records without one.
 *
 * @example
 * ```ts
 * import { entity, type Selected } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 * const named: Selected<typeof City, readonly ["name"]> = { name: "Paris" };
 * ```
 */
export type Selected<E extends AnyEntity, S> = S extends readonly (infer Name)[]
  ? Pick<Infer<E>, Name & keyof Infer<E>>
  : Infer<E>;

/**
 * The records of one range, in key order: by id, or by the fields of `index`. `equals` fixes leading fields, `from`
 * (inclusive) and `to` (exclusive) bound the ones that follow, or `prefix` says what the next one, a text, begins with;
 * a single value needs no array around it. With `select` the rows have only the fields it names, and an index that
 * holds all of these (its own fields, the id's and those it has `stored`) answers without reading a record.
 *
 * @example
 * ```ts
 * import { entity, type Query } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", {
 *   version: 1,
 *   schema: z.object({ id: z.int(), name: z.string(), population: z.int() }),
 *   id: ["id"],
 *   indexes: { byPopulation: { fields: ["population"] } },
 * });
 * const biggest: Query<typeof City> = { index: "byPopulation", from: 100_000, reverse: true, limit: 10 };
 * ```
 */
export type Query<E extends AnyEntity, S extends Selection<E> | undefined = undefined> = QueryRange<E> &
  QueryOptions & {
    /** The fields wanted, at the top of the record; all without it. */
    readonly select?: S | undefined;
    /** Rows at most. */
    readonly limit?: number | undefined;
  };

/**
 * A query whose rows are counted up to a maximum.
 *
 * @example
 * ```ts
 * import { type BoundedQuery, entity } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 * const some: BoundedQuery<typeof City> = { from: 1_000, max: 500 };
 * ```
 */
export type BoundedQuery<E extends AnyEntity> = QueryRange<E> &
  QueryOptions & {
    readonly limit?: number | undefined;
    /** Rows counted at most. */
    readonly max: number;
  };

/**
 * A count that stops early.
 *
 * @example
 * ```ts
 * import { entity, type Count, type TenantRepository } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 * declare const cities: TenantRepository<typeof City>;
 * const { count, exact }: Count = await cities.count({ max: 500 });
 * console.log(exact ? `${count} cities` : `more than ${count} cities`);
 * ```
 */
export interface Count {
  /** How many rows there are; the maximum when there are more. */
  readonly count: number;
  /** Whether there are no more. */
  readonly exact: boolean;
}

/**
 * One page of a query. The size may change from page to page; anything else makes another query.
 *
 * @example
 * ```ts
 * import { entity, type PageQuery } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 * declare const request: { cursor?: string; user: string };
 * const query: PageQuery<typeof City> = { size: 50, cursor: request.cursor, principal: request.user };
 * ```
 */
export type PageQuery<E extends AnyEntity, S extends Selection<E> | undefined = undefined> = QueryRange<E> &
  QueryOptions & {
    /** The fields wanted, at the top of the record; all without it. */
    readonly select?: S | undefined;
    /** Records of the page, 1 to `pageSizeMax` (1,000). */
    readonly size: number;
    /** `next` or `previous` of another page of this query; absent for the first. */
    readonly cursor?: string | undefined;
    /** Whom the page is for, such as a user id: its cursors are refused for anybody else. */
    readonly principal?: string | undefined;
  };

/**
 * Some records of a query, and the cursors that lead on.
 *
 * @example
 * ```ts
 * import { entity, type Page, type TenantRepository } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 * declare const cities: TenantRepository<typeof City>;
 * const first = await cities.page({ size: 50 });
 * const second = first.next === undefined ? undefined : await cities.page({ size: 50, cursor: first.next });
 * ```
 */
export interface Page<R> {
  readonly items: R[];
  /** The cursor of the following page; `undefined` on the last. Opaque, sealed, good for a day. */
  readonly next: string | undefined;
  /** The cursor of the page before; `undefined` on the first. */
  readonly previous: string | undefined;
}
