/** Entities of a small shop, of many kinds of id and index: what the isolation laws are tried with. */
import { z } from "zod";
import { entity } from "../../lib/schema/index.js";

export const Article = entity("article", {
  version: 1,
  schema: z.object({
    id: z.string(),
    title: z.string().optional(),
    price: z.int(),
    weight: z.number(),
    state: z.enum(["draft", "sold", "gone"]),
    at: z.object({ shelf: z.string().nullable() }),
    tags: z.array(z.string()).default([]),
  }),
  id: ["id"],
  indexes: {
    byTitle: { fields: ["title"] },
    byPrice: { fields: [{ field: "price", order: "descending" }, "state"] },
    byShelf: { fields: ["at.shelf", "weight"] },
  },
});

export const Line = entity("line", {
  version: 1,
  schema: z.object({ order: z.bigint(), n: z.int(), at: z.date(), bytes: z.instanceof(Uint8Array) }),
  id: ["order", "n"],
  indexes: { byBytes: { fields: ["bytes"] }, byAt: { fields: ["at"] } },
});

/** Its name begins another's, and its text ids look like anything. */
export const Art = entity("art", {
  version: 1,
  schema: z.object({ key: z.string(), n: z.number(), email: z.email().optional() }),
  id: ["key", "n"],
});

export const shop = [Article, Line, Art];
