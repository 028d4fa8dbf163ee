/** What the compiler knows of an entity, and misuse that does not compile. Checked by `npm run typecheck`. */
import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import * as mini from "zod/mini";
import {
  type AnyEntity,
  entity,
  type IdOf,
  type IdRange,
  type IndexName,
  type IndexRange,
  type IndexValues,
  type Infer,
  type InputOf,
  modelOf,
  type PatchOf,
} from "../../lib/schema/index.js";

const CustomerId = z.uuid().brand("CustomerId");
type CustomerId = z.output<typeof CustomerId>;

const Order = entity("order", {
  version: 1,
  schema: z.object({
    customer: CustomerId,
    number: z.int(),
    status: z.enum(["open", "paid"]),
    total: z.bigint().default(0n),
    note: z.string().optional(),
    rating: z.number().nullable(),
    paidAt: z.codec(z.iso.datetime(), z.date(), {
      decode: (iso) => new Date(iso),
      encode: (date) => date.toISOString(),
    }),
    ship: z.object({ city: z.string(), at: z.object({ lat: z.number(), lon: z.number() }).optional() }),
    lines: z.array(z.object({ sku: z.string(), quantity: z.int() })),
    payment: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("card"), last4: z.string() }),
      z.object({ kind: z.literal("bank"), iban: z.string() }),
    ]),
  }),
  id: ["customer", "number"],
  indexes: {
    byStatus: { fields: ["status", { field: "total", order: "descending" }, "note"] },
    byPlace: { fields: ["ship.city", "ship.at.lat", "paidAt"] },
  },
});
type Order = typeof Order;

const Tag = entity("tag", { version: 1, schema: z.object({ id: z.string().brand("Tag"), n: z.int() }), id: ["id"] });
type TagId = Infer<typeof Tag>["id"];

describe("records", () => {
  test("are zod's output, inputs zod's input", () => {
    expectTypeOf<Infer<Order>["customer"]>().toEqualTypeOf<CustomerId>();
    expectTypeOf<Infer<Order>["total"]>().toEqualTypeOf<bigint>();
    expectTypeOf<Infer<Order>["paidAt"]>().toEqualTypeOf<Date>();
    expectTypeOf<InputOf<Order>["paidAt"]>().toEqualTypeOf<string>();
    expectTypeOf<InputOf<Order>["total"]>().toEqualTypeOf<bigint | undefined>();
    expectTypeOf<Infer<Order>["payment"]>().toEqualTypeOf<
      { kind: "card"; last4: string } | { kind: "bank"; iban: string }
    >();
    expectTypeOf(Order.name).toEqualTypeOf<"order">();
  });

  test("may be recursive", () => {
    const Node = z.object({
      id: z.string(),
      get children() {
        return z.array(Node);
      },
      get parent() {
        return Node.optional();
      },
    });
    const Tree = entity("tree", {
      version: 1,
      schema: Node,
      id: ["id"],
      indexes: { byParent: { fields: ["parent.id"] } },
    });
    expectTypeOf<Infer<typeof Tree>["children"][number]["children"][number]["id"]>().toEqualTypeOf<string>();
    expectTypeOf<IndexValues<typeof Tree, "byParent">>().toEqualTypeOf<readonly [string | null | undefined]>();
  });

  test("may be of zod/mini", () => {
    const Thing = entity("thing", {
      version: 1,
      schema: mini.object({ a: mini.string(), b: mini.int() }),
      id: ["b", "a"],
    });
    expectTypeOf<IdOf<typeof Thing>>().toEqualTypeOf<readonly [number, string]>();
  });
});

describe("ids", () => {
  test("are a scalar or a readonly tuple, brands kept", () => {
    expectTypeOf<IdOf<typeof Tag>>().toEqualTypeOf<TagId>();
    expectTypeOf<IdOf<Order>>().toEqualTypeOf<readonly [CustomerId, number]>();
    expectTypeOf(Tag.parseId).returns.toEqualTypeOf<TagId>();
    expectTypeOf(Order.formatId).parameter(0).toEqualTypeOf<readonly [CustomerId, number]>();
  });

  test("of another brand do not compile", () => {
    const other = z.string().brand("Other").parse("x");
    // @ts-expect-error another brand
    expect(Tag.formatId(other)).toBe("x");
    // @ts-expect-error no brand
    expect(Tag.formatId("x")).toBe("x");
    const id = z.string().brand("Tag").parse("x");
    expect(Tag.formatId(id)).toBe("x");
    // @ts-expect-error a scalar for a composite id
    expect(() => Order.formatId(id)).toThrow();
  });

  test("are generic over entities", () => {
    const first = <E extends AnyEntity>(of: E, record: Infer<E>): IdOf<E> => modelOf(of).idOf(record);
    const id = z.string().brand("Tag").parse("x");
    expectTypeOf(first(Tag, { id, n: 1 })).toEqualTypeOf<TagId>();
  });
});

describe("queries", () => {
  test("know the names and values of indexes", () => {
    expectTypeOf<IndexName<Order>>().toEqualTypeOf<"byStatus" | "byPlace">();
    expectTypeOf<IndexName<typeof Tag>>().toEqualTypeOf<never>();
    expectTypeOf<IndexValues<Order, "byStatus">>().toEqualTypeOf<
      readonly ["open" | "paid", bigint, string | null | undefined]
    >();
    expectTypeOf<IndexValues<Order, "byPlace">>().toEqualTypeOf<readonly [string, number | null | undefined, Date]>();
  });

  test("fix leading fields and bound the next ones", () => {
    const ranges: IndexRange<Order, "byStatus">[] = [
      {},
      { from: "open" },
      { from: ["open", 3n], to: "paid" },
      { equals: "open" },
      { equals: ["open"], from: 3n, to: [5n, "x"] },
      { equals: ["open", 3n], from: null },
      { equals: ["open", 3n, undefined] },
    ];
    expect(ranges).toHaveLength(7);
    const customer = CustomerId.parse("0b5f1e52-3a0c-4f0a-9d0e-3f1f6a4f8f0a");
    const lines: IdRange<Order> = { equals: [customer], from: 3 };
    expect(lines.equals).toEqual([customer]);
  });

  test("that do not fit do not compile", () => {
    const refused: IndexRange<Order, "byStatus">[] = [
      // @ts-expect-error not a status
      { equals: ["closed"] },
      // @ts-expect-error the second field is a bigint
      { equals: ["open", 3] },
      // @ts-expect-error not the first field
      { from: 3n },
      // @ts-expect-error the bound is over the field after the fixed one
      { equals: ["open"], from: "open" },
      // @ts-expect-error there is no fourth field
      { equals: ["open", 3n, "x", 1] },
      // @ts-expect-error null where no null can be
      { equals: [null] },
      // @ts-expect-error a typo
      { equal: ["open"] },
    ];
    expect(refused).toHaveLength(7);
  });
});

describe("kinds of indexes", () => {
  const Post = entity("post", {
    version: 1,
    schema: z.object({
      id: z.int(),
      tags: z.array(z.string()).optional(),
      parts: z.array(z.object({ size: z.int().nullable() })),
      live: z.boolean(),
    }),
    id: ["id"],
    indexes: {
      byTag: { fields: [{ each: "tags" }, "id"], stored: ["live"], sparse: true },
      bySize: { fields: [{ each: "parts.size", order: "descending" }], unique: true, where: ({ live }) => live },
    },
  });

  test("know the values of elements", () => {
    expectTypeOf<IndexValues<typeof Post, "byTag">>().toEqualTypeOf<readonly [string, number]>();
    expectTypeOf<IndexValues<typeof Post, "bySize">>().toEqualTypeOf<readonly [number | null | undefined]>();
  });
});

describe("patches", () => {
  test("take some fields, in zod's input, and remove optional ones", () => {
    const patches: PatchOf<Order>[] = [
      {},
      { status: "paid", paidAt: "2020-01-01T00:00:00Z" },
      { note: undefined, total: undefined },
      { ship: { city: "Lyon" } },
    ];
    expect(patches).toHaveLength(4);
  });

  test("that do not fit do not compile", () => {
    const refused: PatchOf<Order>[] = [
      // @ts-expect-error a typo
      { statsu: "paid" },
      // @ts-expect-error not a value of the field
      { status: "closed" },
      // @ts-expect-error a required field cannot be removed
      { status: undefined },
      // @ts-expect-error a field of the id
      { number: 3 },
      // @ts-expect-error a patch is shallow: the whole nested object is replaced
      { ship: { at: { lat: 1, lon: 2 } } },
    ];
    expect(refused).toHaveLength(5);
  });
});

describe("definitions that do not compile", () => {
  const schema = z.object({
    id: z.int(),
    name: z.string().optional(),
    tags: z.array(z.string()),
    at: z.object({ lat: z.number() }),
    any: z.unknown(),
  });
  const refused = (define: () => unknown) => expect(define).toThrow(TypeError);

  test("ids", () => {
    // @ts-expect-error no such field
    refused(() => entity("a", { version: 1, schema, id: ["idd"] }));
    // @ts-expect-error an optional field
    refused(() => entity("a", { version: 1, schema, id: ["name"] }));
    // @ts-expect-error an array
    refused(() => entity("a", { version: 1, schema, id: ["tags"] }));
    // @ts-expect-error unknown has no order
    refused(() => entity("a", { version: 1, schema, id: ["any"] }));
    // @ts-expect-error no field
    refused(() => entity("a", { version: 1, schema, id: [] }));
  });

  test("indexes", () => {
    // @ts-expect-error no such field
    refused(() => entity("a", { version: 1, schema, id: ["id"], indexes: { i: { fields: ["nme"] } } }));
    // @ts-expect-error no such nested field
    refused(() => entity("a", { version: 1, schema, id: ["id"], indexes: { i: { fields: ["at.lon"] } } }));
    // @ts-expect-error an object
    refused(() => entity("a", { version: 1, schema, id: ["id"], indexes: { i: { fields: ["at"] } } }));
    // @ts-expect-error an array
    refused(() => entity("a", { version: 1, schema, id: ["id"], indexes: { i: { fields: ["tags"] } } }));
    // @ts-expect-error no field
    refused(() => entity("a", { version: 1, schema, id: ["id"], indexes: { i: { fields: [] } } }));
  });

  test("kinds of indexes", () => {
    // @ts-expect-error not an array
    refused(() => entity("a", { version: 1, schema, id: ["id"], indexes: { i: { fields: [{ each: "name" }] } } }));
    // @ts-expect-error no such field
    refused(() => entity("a", { version: 1, schema, id: ["id"], indexes: { i: { fields: ["id"], stored: ["nme"] } } }));
    // @ts-expect-error not a predicate
    refused(() => entity("a", { version: 1, schema, id: ["id"], indexes: { i: { fields: ["id"], where: "id" } } }));
    // @ts-expect-error a typo
    refused(() => entity("a", { version: 1, schema, id: ["id"], indexes: { i: { fields: ["id"], uniqe: true } } }));
  });

  test("schemas", () => {
    // @ts-expect-error not an object
    refused(() => entity("a", { version: 1, schema: z.string(), id: ["id"] }));
    // @ts-expect-error no version
    refused(() => entity("a", { schema, id: ["id"] }));
  });
});
