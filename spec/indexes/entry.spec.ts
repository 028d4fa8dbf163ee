/** Index entries: their bytes, byte for byte, and what is read from them. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { isTenantryError } from "../../lib/errors/index.js";
import { entriesOf, readEntry } from "../../lib/indexes/index.js";
import { entity, modelOf } from "../../lib/schema/index.js";
import { Item, items } from "../repository/kinds.js";
import { runs } from "../runs.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("an entry", () => {
  const Seat = entity("seat", {
    version: 3,
    schema: z.object({ id: z.int(), row: z.int().nullable(), note: z.string().optional(), at: z.array(z.string()) }),
    id: ["id"],
    indexes: {
      plain: { fields: ["row"] },
      unique: { fields: ["row"], unique: true },
      stored: { fields: ["row"], stored: ["note"] },
      both: { fields: [{ each: "at" }], unique: true, stored: ["note"] },
    },
  });
  const model = modelOf(Seat);
  const seat = { id: 300, row: 7, note: "n", at: ["x", "x", "y"] };

  const bytesOf = (name: string, record: object): string[][] => {
    const index = model.indexes.get(name) ?? expect.unreachable();
    const prefix = `${hex(Uint8Array.of(0x15, 1, 2))}${hex(Buffer.from("seat"))}0002${hex(Buffer.from(name))}00`;
    return entriesOf("seat", index, record, model.encodeId(300)).map(({ key, value }) => {
      expect(hex(key).startsWith(prefix)).toBe(true);
      return [hex(key).slice(prefix.length), hex(value)];
    });
  };

  test("has the bytes that the page of formats states", () => {
    const id = "16012c";
    expect(bytesOf("plain", seat)).toEqual([[`1507${id}`, ""]]);
    expect(bytesOf("unique", seat)).toEqual([["1507", `010003${id}`]]);
    expect(bytesOf("unique", { ...seat, row: null })).toEqual([[`00${id}`, ""]]);
    const [[key, value]] = bytesOf("stored", seat) as [[string, string]];
    expect(key).toBe(`1507${id}`);
    // Format, no id; then a record of its own: format 1 in ASCII, fingerprint, version 1 always, revision 0, presence, "n".
    expect(value).toMatch(/^01000018[0-9a-f]{8}010001a16e$/);
    const stored = value.slice(6);
    const both = bytesOf("both", seat);
    expect(both.map(([at]) => at)).toEqual(["027800", "027900"]);
    for (const [, at = ""] of both) expect(at).toMatch(new RegExp(`^010003${id}18[0-9a-f]{8}${stored.slice(10)}$`));
  });

  test("of any kind reads back as it was written", () => {
    const itemModel = modelOf(Item);
    fc.assert(
      fc.property(items, (item) => {
        const id = itemModel.encodeId(item.id);
        for (const index of itemModel.indexes.values()) {
          for (const { key, value, taken } of entriesOf("item", index, item, id)) {
            const read = readEntry("item", index, key, value);
            expect(hex(read.id)).toBe(hex(id));
            expect(read.values).toHaveLength(index.fields.length);
            expect(hex(read.stored)).toBe(hex(index.encodeStored(item)));
            expect(taken).toBe(index.unique && !read.values.includes(null));
          }
        }
      }),
      { numRuns: runs(100) },
    );
  });

  test("that is damaged is a typed error or another entry, never anything else", () => {
    const index = model.indexes.get("both") ?? expect.unreachable();
    const [entry] = entriesOf("seat", index, seat, model.encodeId(300));
    if (entry === undefined) return expect.unreachable();
    for (const value of [[], [1], [1, 0], [2, 0, 0], [1, 0, 9, 1], [1, 0xff, 0xff], [1, 0, 0, 1]]) {
      const thrown = (): unknown => readEntry("seat", index, entry.key, Uint8Array.from(value));
      expect(thrown).toThrow(expect.objectContaining({ code: "INDEX_CORRUPT" }));
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ maxLength: 20 }), (tail, value) => {
        try {
          readEntry("seat", index, Buffer.concat([entry.key.subarray(0, -tail.length || undefined), tail]), value);
        } catch (error) {
          expect(isTenantryError(error) && error.code).toMatch(/^(INDEX_CORRUPT|TUPLE_BYTES_INVALID)$/);
        }
      }),
      { numRuns: runs(300) },
    );
    return undefined;
  });
});
