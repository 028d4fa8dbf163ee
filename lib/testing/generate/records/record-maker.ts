/** Records made by hand: what a user gives where no generator can. */

/**
 * Makes a record from a number: for entities whose checks no generator can satisfy.
 *
 * @example
 * ```ts
 * import { isolationLaws, type RecordMaker } from "tenantry/testing";
 * import { entity } from "tenantry";
 * import { z } from "zod";
 * const Even = entity("even", { version: 1, schema: z.object({ id: z.int().refine((n) => n % 2 === 0) }), id: ["id"] });
 * const even: RecordMaker = (n) => ({ id: 2 * n });
 * isolationLaws({ entities: [Even], records: { even } });
 * ```
 */
export type RecordMaker = (n: number) => unknown;
