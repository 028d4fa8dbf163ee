/** Random entities: ids, indexes and fields of every kind a key can have, and of some it cannot. */
import fc from "fast-check";
import { z } from "zod";
import { type AnyEntity, entity } from "../../lib/schema/index.js";

/** Types that have an order in a key. */
const keyable = {
  string: () => z.string(),
  email: () => z.email(),
  integer: () => z.int(),
  small: () => z.int().min(-2).max(2),
  bigint: () => z.bigint(),
  number: () => z.number(),
  boolean: () => z.boolean(),
  date: () => z.date(),
  choice: () => z.enum(["a", "b", "c"]),
  literal: () => z.literal(["x", "y"]),
  bytes: () => z.instanceof(Uint8Array),
} as const;

/** Types that have none. */
const others = {
  list: () => z.array(z.string()),
  map: () => z.map(z.string(), z.int()),
  set: () => z.set(z.int()),
  record: () => z.record(z.string(), z.number()),
  union: () => z.union([z.string(), z.int()]),
  tuple: () => z.tuple([z.int(), z.string()]),
  nested: () => z.object({ deep: z.object({ value: z.string().nullable() }) }),
  open: () => z.looseObject({ known: z.int() }),
  defaulted: () => z.string().default("none"),
  json: () => z.json(),
} as const;

/** Arrays whose elements an index may be over. */
const arrays = {
  tags: () => z.array(z.enum(["p", "q", ""])),
  texts: () => z.array(z.string()).optional(),
  lines: () => z.array(z.object({ sku: z.string().nullable(), n: z.int().min(0).max(3) })),
} as const;

const eachPaths = { tags: ["tags"], texts: ["texts"], lines: ["lines.sku", "lines.n"] } as const;

type Predicate = (record: object) => boolean;

/** Which records an index is over, by a field. */
const parts: Readonly<Record<string, (field: string) => Predicate>> = {
  present: (field) => (record) => Object.hasOwn(record, field),
  short: (field) => (record) => String(Reflect.get(record, field)).length < 3,
  none: () => () => false,
};

const keyNames = Object.keys(keyable) as (keyof typeof keyable)[];
const otherNames = Object.keys(others) as (keyof typeof others)[];
const arrayNames = Object.keys(arrays) as (keyof typeof arrays)[];
const fieldNames = ["a", "b", "c", "d", "id", "constructor"] as const;

interface DrawnIndex {
  readonly fields: readonly { readonly at: number; readonly descending: boolean }[];
  /** The place of an `each` among the fields, and which path it has; none where the entity has no array. */
  readonly each: { readonly place: number; readonly path: number } | undefined;
  readonly unique: boolean;
  readonly sparse: boolean;
  readonly where: string | undefined;
  readonly stored: readonly number[];
}

interface Drawn {
  readonly name: string;
  readonly keys: readonly (keyof typeof keyable)[];
  readonly optional: readonly boolean[];
  readonly others: readonly (keyof typeof others)[];
  readonly arrays: readonly (keyof typeof arrays)[];
  readonly ids: number;
  readonly indexes: readonly DrawnIndex[];
}

const order = (descending: boolean) => (descending ? "descending" : "ascending");

/** What `entity` takes for a drawn index over fields of these names. */
function indexOf(drawn: DrawnIndex, keyed: readonly string[], all: readonly string[], paths: readonly string[]) {
  const { each, unique, sparse, where, stored } = drawn;
  const places = [...new Map(drawn.fields.map((field) => [field.at % keyed.length, field])).entries()];
  const fields: object[] = places.map(([place, { descending }]) => ({ field: keyed[place], order: order(descending) }));
  const path = each && paths[each.path % Math.max(1, paths.length)];
  if (each !== undefined && path !== undefined) {
    fields.splice(each.place % (fields.length + 1), 0, { each: path, order: order(each.place % 2 === 1) });
  }
  const part = where === undefined ? undefined : parts[where]?.(keyed.at(-1) ?? "");
  return {
    fields,
    unique,
    sparse,
    stored: [...new Set(stored.map((at) => all[at % all.length]))],
    ...(part === undefined ? {} : { where: part }),
  };
}

function build({ name, keys, optional, others: more, arrays: lists, ids, indexes }: Drawn): AnyEntity {
  const names = keys.map((_, at) => fieldNames[at] ?? "z");
  const isId = (at: number): boolean => at < Math.min(ids, keys.length);
  const shape: Record<string, z.ZodType> = {};
  for (const [at, key] of keys.entries()) {
    const type: z.ZodType = keyable[key]();
    shape[names[at] ?? "z"] = !isId(at) && optional[at] ? type.optional() : type;
  }
  for (const [at, other] of more.entries()) shape[`other${at}`] = others[other]();
  for (const list of lists) shape[list] = arrays[list]();
  const paths = lists.flatMap((list) => eachPaths[list]);
  const options = {
    version: 1,
    schema: z.object(shape),
    id: names.filter((_, at) => isId(at)),
    indexes: Object.fromEntries(
      indexes.map((drawn, at) => [`by${at}`, indexOf(drawn, names, Object.keys(shape), paths)]),
    ),
  };
  // What the compiler would infer is not known before the definition is drawn.
  return entity(name, options as never) as AnyEntity;
}

const randomIndex: fc.Arbitrary<DrawnIndex> = fc.record({
  fields: fc.array(fc.record({ at: fc.nat(9), descending: fc.boolean() }), { minLength: 1, maxLength: 3 }),
  each: fc.option(fc.record({ place: fc.nat(3), path: fc.nat(3) }), { nil: undefined, freq: 2 }),
  unique: fc.boolean(),
  sparse: fc.boolean(),
  where: fc.constantFrom(undefined, undefined, ...Object.keys(parts)),
  stored: fc.oneof(fc.constant([]), fc.array(fc.nat(9), { minLength: 1, maxLength: 3 })),
});

/** An entity called `name`. */
export const randomEntity = (name: string): fc.Arbitrary<AnyEntity> =>
  fc
    .record({
      name: fc.constant(name),
      keys: fc.array(fc.constantFrom(...keyNames), { minLength: 1, maxLength: fieldNames.length }),
      optional: fc.array(fc.boolean(), { minLength: fieldNames.length, maxLength: fieldNames.length }),
      others: fc.array(fc.constantFrom(...otherNames), { maxLength: 3 }),
      arrays: fc.subarray(arrayNames),
      ids: fc.integer({ min: 1, max: 3 }),
      indexes: fc.array(randomIndex, { maxLength: 3 }),
    })
    .map(build);
