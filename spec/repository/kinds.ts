/** An entity with an index of every kind, and what each of them holds in plain JavaScript. */
import fc from "fast-check";
import { z } from "zod";
import { entity, type Infer } from "../../lib/schema/index.js";

export const Item = entity("item", {
  version: 1,
  schema: z.object({
    id: z.int(),
    code: z.string().optional(),
    group: z.string(),
    rank: z.int(),
    live: z.boolean(),
    spot: z.object({ row: z.int().nullable() }).optional(),
    tags: z.array(z.string()).default([]),
    lines: z.array(z.object({ sku: z.string(), note: z.string().optional() })).optional(),
    seen: z
      .codec(z.string(), z.date(), { decode: (text) => new Date(text), encode: (date) => date.toISOString() })
      .optional(),
  }),
  id: ["id"],
  indexes: {
    plain: { fields: ["group", "rank"] },
    down: { fields: [{ field: "group", order: "descending" }, "rank"] },
    nested: { fields: [{ field: "spot.row", order: "descending" }] },
    code: { fields: ["code"], unique: true },
    place: { fields: ["group", "spot.row"], unique: true, stored: ["tags"], where: ({ live }) => live },
    sparse: { fields: ["code", "spot.row"], sparse: true },
    live: { fields: ["rank"], where: (item) => item.live },
    covering: { fields: ["group"], stored: ["rank", "seen", "tags"] },
    tag: { fields: [{ each: "tags" }, "group"] },
    sku: { fields: ["group", { each: "lines.sku", order: "descending" }], stored: ["rank"], sparse: true },
    note: { fields: [{ each: "lines.note" }], unique: true },
  },
});
export type Item = Infer<typeof Item>;

export type Scalar = string | number | null;
export type Kind = keyof (typeof Item)["indexes"];

interface Rule {
  /** The values of a record's entries; distinct ones count. */
  readonly values: (item: Item) => Scalar[][];
  readonly down?: readonly boolean[];
  readonly unique?: boolean;
}

const row = ({ spot }: Item): number | null => spot?.row ?? null;

export const rules: Readonly<Record<Kind, Rule>> = {
  plain: { values: (item) => [[item.group, item.rank]] },
  down: { values: (item) => [[item.group, item.rank]], down: [true, false] },
  nested: { values: (item) => [[row(item)]], down: [true] },
  code: { values: (item) => [[item.code ?? null]], unique: true },
  place: { values: (item) => (item.live ? [[item.group, row(item)]] : []), unique: true },
  sparse: { values: (item) => (item.code === undefined || row(item) === null ? [] : [[item.code, row(item)]]) },
  live: { values: (item) => (item.live ? [[item.rank]] : []) },
  covering: { values: (item) => [[item.group]] },
  tag: { values: (item) => item.tags.map((tag) => [tag, item.group]) },
  sku: { values: (item) => (item.lines ?? []).map(({ sku }) => [item.group, sku]), down: [false, true] },
  note: { values: (item) => (item.lines ?? []).map(({ note }) => [note ?? null]), unique: true },
};

export const kinds = Object.keys(rules).filter((name): name is Kind => name in rules);

/** An entry of an index in plain JavaScript. */
export interface Entry {
  readonly values: Scalar[];
  readonly item: Item;
}

function compareScalars(a: Scalar | undefined, b: Scalar | undefined): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  if (typeof a === "string" && typeof b === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return Number(a) - Number(b);
}

/** The entries an index has over some records, in its order. */
export function entriesOf(kind: Kind, items: Iterable<Item>): Entry[] {
  const { values, down = [] } = rules[kind];
  const entries = [...items].flatMap((item) => {
    const distinct = new Map(values(item).map((each) => [JSON.stringify(each), each]));
    return [...distinct.values()].map((each) => ({ values: each, item }));
  });
  const compare = (a: Entry, b: Entry): number => {
    for (const at of a.values.keys()) {
      const order = compareScalars(a.values[at], b.values[at]);
      if (order !== 0) return down[at] === true ? -order : order;
    }
    return a.item.id - b.item.id;
  };
  return entries.sort(compare);
}

/** The values of an item that no other may have. */
export const claimsOf = (item: Item): string[] =>
  kinds.flatMap((kind) =>
    rules[kind].unique === true
      ? rules[kind]
          .values(item)
          .filter((values) => !values.includes(null))
          .map((values) => JSON.stringify([kind, values]))
      : [],
  );

const texts = fc.constantFrom("", "a", "a\0", "ab", "b", "\uffff", "\u{1f600}");
const fewTexts = fc.constantFrom("a", "a\0", "b", "c", "d", "e");

/** Items that meet: few ids, few values. */
export const items: fc.Arbitrary<Item> = fc
  .record({
    id: fc.nat(7),
    code: fc.option(fewTexts, { nil: undefined }),
    group: texts,
    rank: fc.integer({ min: -2, max: 2 }),
    live: fc.boolean(),
    row: fc.option(fc.integer({ min: 0, max: 5 }), { nil: null }),
    spot: fc.boolean(),
    tags: fc.array(texts, { maxLength: 4 }),
    lines: fc.option(fc.array(fc.tuple(texts, fc.option(fewTexts, { nil: undefined, freq: 1 })), { maxLength: 3 }), {
      nil: undefined,
    }),
    seen: fc.option(fc.date({ noInvalidDate: true }), { nil: undefined }),
  })
  .map(({ code, row: at, spot, lines, seen, ...rest }) => ({
    ...rest,
    ...(code === undefined ? {} : { code }),
    ...(spot ? { spot: { row: at } } : {}),
    ...(lines === undefined
      ? {}
      : { lines: lines.map(([sku, note]) => ({ sku, ...(note === undefined ? {} : { note }) })) }),
    ...(seen === undefined ? {} : { seen }),
  }));

/** An item as `create` and `put` take it. */
export const inputOf = ({ seen, ...rest }: Item) => ({
  ...rest,
  ...(seen === undefined ? {} : { seen: seen.toISOString() }),
});
