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

const keyNames = Object.keys(keyable) as (keyof typeof keyable)[];
const otherNames = Object.keys(others) as (keyof typeof others)[];
const fieldNames = ["a", "b", "c", "d", "id", "constructor"] as const;

interface Drawn {
  readonly name: string;
  readonly keys: readonly (keyof typeof keyable)[];
  readonly optional: readonly boolean[];
  readonly others: readonly (keyof typeof others)[];
  readonly ids: number;
  readonly indexes: readonly (readonly { readonly at: number; readonly descending: boolean }[])[];
}

function build({ name, keys, optional, others: more, ids, indexes }: Drawn): AnyEntity {
  const names = keys.map((_, at) => fieldNames[at] ?? "z");
  const isId = (at: number): boolean => at < Math.min(ids, keys.length);
  const shape: Record<string, z.ZodType> = {};
  for (const [at, key] of keys.entries()) {
    const type: z.ZodType = keyable[key]();
    shape[names[at] ?? "z"] = !isId(at) && optional[at] ? type.optional() : type;
  }
  for (const [at, other] of more.entries()) shape[`other${at}`] = others[other]();
  const indexed = indexes.map((fields, at) => {
    const paths = [...new Map(fields.map((field) => [field.at % keys.length, field])).entries()];
    return [
      `by${at}`,
      {
        fields: paths.map(([place, { descending }]) => ({
          field: names[place],
          order: descending ? "descending" : "ascending",
        })),
      },
    ];
  });
  const options = {
    version: 1,
    schema: z.object(shape),
    id: names.filter((_, at) => isId(at)),
    indexes: Object.fromEntries(indexed),
  };
  // What the compiler would infer is not known before the definition is drawn.
  return entity(name, options as never) as AnyEntity;
}

/** An entity called `name`. */
export const randomEntity = (name: string): fc.Arbitrary<AnyEntity> =>
  fc
    .record({
      name: fc.constant(name),
      keys: fc.array(fc.constantFrom(...keyNames), { minLength: 1, maxLength: fieldNames.length }),
      optional: fc.array(fc.boolean(), { minLength: fieldNames.length, maxLength: fieldNames.length }),
      others: fc.array(fc.constantFrom(...otherNames), { maxLength: 3 }),
      ids: fc.integer({ min: 1, max: 3 }),
      indexes: fc.array(
        fc.array(fc.record({ at: fc.nat(9), descending: fc.boolean() }), { minLength: 1, maxLength: 3 }),
        { maxLength: 3 },
      ),
    })
    .map(build);
