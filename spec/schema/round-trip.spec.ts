/** Every type a schema may hold comes back equal from its bytes. */
import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import * as mini from "zod/mini";
import { entity, modelOf } from "../../lib/schema/index.js";
import { runs } from "../runs.js";
import { leaves, type Typed, typed, wrappers } from "./typed.js";

/** Writes a field of the type as a repository would, and reads it back. */
function assertRoundTrip({ schema }: Typed, input: unknown): void {
  const Thing = entity("thing", {
    version: 1,
    schema: z.object({ id: z.int(), before: z.string(), field: schema }),
    id: ["id"],
  });
  const model = modelOf(Thing);
  const record = model.parse({ id: 1, before: "é", field: input });
  const bytes = model.encodeRecord(record, 1);
  const page = Buffer.concat([Buffer.of(1, 2), bytes, Buffer.of(3)]);
  const { record: back } = model.decodeRecord(page, 2, 2 + bytes.length);
  page.fill(0xff);
  deepStrictEqual(back, record);
  // An update writes what was read: nothing is applied a second time.
  deepStrictEqual(model.check(back), record);
  deepStrictEqual(Buffer.from(model.encodeRecord(back, 1)), Buffer.from(bytes));
  deepStrictEqual(model.patch(back, { before: "é" }), record);
}

describe("comes back equal", () => {
  test.each(leaves)("$name", (type) => {
    fc.assert(
      fc.property(type.inputs, (input) => assertRoundTrip(type, input)),
      { numRuns: runs(30) },
    );
  });

  test("any type in any other", () => {
    const some = typed.chain((type) => type.inputs.map((input) => ({ type, input })));
    fc.assert(
      fc.property(some, ({ type, input }) => assertRoundTrip(type, input)),
      { numRuns: runs(400) },
    );
  });

  test("each type in each wrapper", () => {
    for (const leaf of leaves) {
      for (const wrapper of wrappers) {
        const type = wrapper(leaf);
        for (const input of fc.sample(type.inputs, { numRuns: 2, seed: 7 })) assertRoundTrip(type, input);
      }
    }
  });

  test("recursive schemas, with codecs in them", () => {
    const when = z.codec(z.iso.datetime(), z.date(), {
      decode: (iso) => new Date(iso),
      encode: (date) => date.toISOString(),
    });
    const Node = z.object({
      id: z.string(),
      get children() {
        return z.array(Node);
      },
      get next() {
        return Node.optional();
      },
      when,
    });
    const model = modelOf(entity("node", { version: 1, schema: Node, id: ["id"] }));
    const at = "2020-01-01T00:00:00.000Z";
    const leaf = { id: "l", children: [], when: at };
    const record = model.parse({
      id: "r",
      when: at,
      next: leaf,
      children: [leaf, { ...leaf, next: { ...leaf, children: [leaf] } }],
    });
    deepStrictEqual(model.decodeRecord(model.encodeRecord(record, 1)).record, record);
    expect(record.children[1]?.next?.children[0]?.when).toStrictEqual(new Date(at));
  });

  test("schemas of zod/mini", () => {
    const schema = mini.object({
      id: mini.string().check(mini.minLength(1)),
      tags: mini.array(mini.object({ name: mini.string(), at: mini.optional(mini.date()) })),
      count: mini._default(mini.int(), 3),
    });
    const model = modelOf(entity("mini", { version: 1, schema, id: ["id"] }));
    const record = model.parse({ id: "a", tags: [{ name: "x" }, { name: "y", at: new Date(5) }] });
    expect(record.count).toBe(3);
    deepStrictEqual(model.decodeRecord(model.encodeRecord(record, 1)).record, record);
  });
});

describe("codecs and defaults", () => {
  test("a codec stores its encoded side", () => {
    const Link = entity("link", {
      version: 1,
      schema: z.object({
        id: z.string(),
        url: z.codec(z.string(), z.instanceof(URL), { decode: (text) => new URL(text), encode: (url) => url.href }),
      }),
      id: ["id"],
    });
    const model = modelOf(Link);
    const record = model.parse({ id: "a", url: "https://example.com/" });
    expect(Buffer.from(model.encodeRecord(record, 1)).includes("https://example.com/")).toBe(true);
    expect(model.decodeRecord(model.encodeRecord(record, 1)).record.url).toStrictEqual(new URL("https://example.com/"));
  });

  test("a default applies once, and absent stays apart from undefined", () => {
    let made = 0;
    const Thing = entity("thing", {
      version: 1,
      schema: z.object({ id: z.int(), made: z.int().default(() => ++made), note: z.string().optional() }),
      id: ["id"],
    });
    const model = modelOf(Thing);
    const record = model.parse({ id: 1 });
    const back = model.decodeRecord(model.encodeRecord(record, 1)).record;
    expect(model.check(back)).toStrictEqual({ id: 1, made: 1 });
    expect(model.patch(back, { note: "n" })).toStrictEqual({ id: 1, made: 1, note: "n" });
    const explicit = model.parse({ id: 1, made: 5, note: undefined });
    expect(model.decodeRecord(model.encodeRecord(explicit, 1)).record).toStrictEqual({
      id: 1,
      made: 5,
      note: undefined,
    });
  });
});
