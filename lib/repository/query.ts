/** What a query over an entity may say: one index (or the id), one range of it, its direction and its end. */
import type { AnyEntity, IdRange, IndexName, IndexRange } from "../schema/index.js";

/** What every query may say besides its range. */
export interface QueryOptions {
  /** Reads the range from its end: `from` and `to` keep their meaning, the order of the rows turns round. */
  readonly reverse?: boolean | undefined;
  /** Ends the work with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The range of a query: over the id, or over one index; an index chosen at run time is read whole. */
export type QueryRange<E extends AnyEntity> =
  | ({ readonly index?: undefined } & IdRange<E>)
  | {
      readonly index: IndexName<E>;
      readonly equals?: undefined;
      readonly from?: undefined;
      readonly to?: undefined;
    }
  | { [I in IndexName<E>]: { readonly index: I } & IndexRange<E, I> }[IndexName<E>];

/**
 * The records of one range, in key order: by id, or by the fields of `index`. `equals` fixes leading fields, `from`
 * (inclusive) and `to` (exclusive) bound the ones that follow; a single value needs no array around it.
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
export type Query<E extends AnyEntity> = QueryRange<E> &
  QueryOptions & {
    /** Rows at most. */
    readonly limit?: number | undefined;
  };

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
export type PageQuery<E extends AnyEntity> = QueryRange<E> &
  QueryOptions & {
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
