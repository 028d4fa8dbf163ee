/** Arbitraries for specs of values: storable values, and layouts with records that fit them. */
import fc from "fast-check";
import type { LayoutField, LayoutNode, LayoutShape, RecordLayout } from "../../lib/value/index.js";

/** Text without lone surrogates, rich in what goes wrong: zero bytes, ASCII's edge, long runs. */
export const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom(
    "",
    "\0",
    "\x7f",
    "\x80",
    "\ufeff",
    "\ufffd",
    "constructor",
    "toString",
    "é".repeat(40),
    "a".repeat(300),
  ),
  fc.integer({ min: 30, max: 70 }).map((length) => "x".repeat(length)),
);

const number = fc.oneof(
  fc.double(),
  fc.float(),
  fc.maxSafeInteger(),
  fc.integer(),
  fc.constantFrom(
    0,
    -0,
    Number.NaN,
    Infinity,
    -Infinity,
    127,
    128,
    255,
    256,
    65535,
    65536,
    -32,
    -33,
    -128,
    -129,
    -32769,
  ),
  fc.constantFrom(
    2 ** 31,
    -(2 ** 31),
    -(2 ** 31) - 1,
    2 ** 32,
    2 ** 32 - 1,
    2 ** 53 - 1,
    -(2 ** 53) + 1,
    2 ** 53,
    2 ** 64,
  ),
);

const date = fc.oneof(
  fc.date({ noInvalidDate: true }),
  fc
    .constantFrom(0, 1, -1, 999, 1000, -1000, 8.64e15, -8.64e15, 2 ** 32 * 1000, 2 ** 34 * 1000, 2 ** 32 * 1000 - 1)
    .map((ms) => new Date(ms)),
);

const bigint = fc.oneof(
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 2100n), max: 2n ** 2100n }),
  fc.constantFrom(0n, 1n, -1n, 127n, 128n, -128n, -129n, 2n ** 63n, -(2n ** 63n), 2n ** 64n, 2n ** 53n),
);

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.constantFrom(0, 255, 256).map((n) => new Uint8Array(n).fill(7)),
);

/** Names of fields; `__proto__` is refused and has a test of its own. */
export const fieldName = fc
  .oneof(
    fc.string({ maxLength: 8 }),
    fc.constantFrom("constructor", "toString", "hasOwnProperty", "a.b", "0", '"', "\\", "\u2028"),
  )
  .filter((name) => name !== "__proto__" && !/\p{Surrogate}/u.test(name));

const tree = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "xsmall", withCrossShrink: true },
    fc.oneof(text, number, date, bigint, bytes, fc.boolean(), fc.constantFrom(null, undefined)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fieldName, tie("value"), { maxKeys: 4, noNullPrototype: true }),
    fc.integer({ min: 14, max: 18 }).map((length) => Array.from({ length }, (_, index) => index)),
    fc
      .integer({ min: 14, max: 18 })
      .map((length) => Object.fromEntries(Array.from({ length }, (_, i) => [`k${i}`, i]))),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 4 }).map((members) => new Set(members)),
  ),
}));

/** Any value that can be stored. */
export const storable = tree.value;

/** A node of a layout with an arbitrary of the values that fit it. */
interface Fitting {
  readonly node: LayoutNode;
  readonly values: fc.Arbitrary<unknown>;
}

const absent = Symbol("absent");

/** Layouts, each with an arbitrary of its records. */
export const layouts: fc.Arbitrary<{ layout: RecordLayout; records: fc.Arbitrary<object> }> = fc
  .array(fc.nat({ max: 1_000 }), { minLength: 20, maxLength: 60 })
  .chain((numbers) =>
    fc
      .record({ entity: fc.constantFrom("a", "b"), names: fc.array(fieldName, { minLength: 60, maxLength: 60 }) })
      .map(({ entity, names }) => {
        const shapes: LayoutShape[] = [];
        let drawn = 0;
        const draw = (below: number): number => ((numbers[drawn++ % numbers.length] ?? 0) + drawn) % below;

        const shape = (depth: number): { index: number; records: fc.Arbitrary<object> } => {
          const index = shapes.length;
          shapes.push({ fields: [], open: false });
          const chosen = [
            ...new Set(Array.from({ length: draw(depth === 0 ? 34 : 5) }, () => names[draw(names.length)] ?? "")),
          ];
          const fields = chosen.map((name) => {
            const optional = draw(2) === 0;
            const { node, values } = fitting(depth + 1, optional);
            const field: LayoutField = { name, optional, node };
            return { field, values: optional ? fc.oneof(fc.constant(absent), values) : values };
          });
          const open = draw(4) === 0;
          shapes[index] = { fields: fields.map(({ field }) => field), open };
          const own = fc
            .tuple(...fields.map(({ values }) => values))
            .map((values) =>
              values.flatMap((value, at) => (value === absent ? [] : [[chosen[at] ?? "", value] as const])),
            );
          const rest = open
            ? fc.dictionary(
                fieldName.filter((name) => !chosen.includes(name)),
                storable,
                { maxKeys: 3 },
              )
            : fc.constant({});
          return {
            index,
            records: fc
              .tuple(own, rest)
              .map(([entries, more]) => Object.fromEntries([...entries, ...Object.entries(more)])),
          };
        };

        const fitting = (depth: number, maybe: boolean): Fitting => {
          const kind = depth > 3 ? 0 : draw(6);
          if (kind === 1 || kind === 2) {
            const { index, records } = shape(depth);
            const values = maybe ? fc.oneof(records, fc.constantFrom(null, undefined)) : records;
            return { node: { kind: "shape", shape: index, maybe }, values };
          }
          if (kind === 3 || kind === 4) {
            const { node, values } = fitting(depth + 1, draw(2) === 0);
            return kind === 3
              ? { node: { kind: "list", item: node }, values: fc.array(values, { maxLength: 5 }) }
              : {
                  node: { kind: "record", item: node },
                  values: fc.dictionary(fieldName, values, { maxKeys: 5, noNullPrototype: true }),
                };
          }
          return { node: { kind: "value" }, values: storable };
        };

        const { records } = shape(0);
        return { layout: { entity, shapes }, records };
      }),
  );

/** A layout with one of its records. */
export const laidOut = layouts.chain(({ layout, records }) => records.map((record) => ({ layout, record })));
