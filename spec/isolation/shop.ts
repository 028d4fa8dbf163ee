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
  aggregates: {
    perId: { count: true, by: ["id"] },
    views: { counter: true },
    worth: { sum: "price", by: ["state"] },
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

/** With an index of every kind, and aggregates. */
export const Member = entity("member", {
  version: 1,
  schema: z.object({
    id: z.int(),
    mail: z.string().optional(),
    card: z.int().min(0).max(3),
    name: z.string(),
    left: z.boolean().default(false),
    skills: z.array(z.enum(["chess", "go", "shogi"])).default([]),
    lockers: z.array(z.object({ hall: z.string().nullable(), n: z.int().min(0).max(9) })),
  }),
  id: ["id"],
  indexes: {
    byMail: { fields: ["mail"], unique: true, stored: ["name"] },
    byCard: { fields: [{ field: "card", order: "descending" }], unique: true, where: (member) => !member.left },
    named: { fields: ["mail", "name"], sparse: true, stored: ["skills", "left"] },
    bySkill: { fields: [{ each: "skills" }, "card"], stored: ["name"] },
    byLocker: { fields: [{ each: "lockers.n", order: "descending" }], unique: true, sparse: true },
  },
  aggregates: {
    all: { count: true },
    perSkill: { sum: "card", by: [{ each: "skills" }, "left"], where: (member) => member.card > 0 },
  },
});

export const shop = [Article, Line, Art, Member];
