/** The notes that the access specs guard: whose they are decides who may see them. */
import { z } from "zod";
import { allow, forbid, roles } from "../../lib/access/index.js";
import { entity, type Infer } from "../../lib/schema/index.js";

export const Note = entity("note", {
  version: 1,
  schema: z.object({
    id: z.int(),
    author: z.string(),
    title: z.string(),
    state: z.enum(["draft", "public"]),
    sealed: z.boolean().optional(),
    readers: z.array(z.string()).default([]),
  }),
  id: ["id"],
  indexes: { byTitle: { fields: ["title"] } },
  aggregates: { all: { count: true }, perAuthor: { count: true, by: ["author"] } },
});
export type Note = Infer<typeof Note>;

export const Plain = entity("plain", { version: 1, schema: z.object({ id: z.int() }), id: ["id"] });

export const policy = roles({
  reader: [allow("read", Note)],
  author: [allow("read", Note, { where: { state: "public" } }), allow("manage", Note, { where: own })],
  keeper: [allow("manage", Note), forbid(["update", "delete"], Note, { where: { sealed: true } })],
  box: [allow("create", Note)],
  administrator: [allow("manage", "all")],
});

function own({ subject }: { readonly subject: string }): { readonly author: string } {
  return { author: subject };
}

export const note = (id: number, author: string, state: Note["state"] = "draft", title = `t${id % 7}`): Note => ({
  id,
  author,
  title,
  state,
  readers: [],
});
