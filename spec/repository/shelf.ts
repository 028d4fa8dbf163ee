/** The entity the repository specs work on, its order in plain JavaScript, and two tenants side by side. */
import fc from "fast-check";
import { z } from "zod";
import type { Database } from "../../lib/database.js";
import { entity, type Infer } from "../../lib/schema/index.js";
import { newTenantId, parseTenantId } from "../../lib/tenant/index.js";
import type { Tenant } from "../../lib/tenant-handle.js";

export const Book = entity("book", {
  version: 1,
  schema: z.object({
    shelf: z.string(),
    place: z.int(),
    title: z.string().optional(),
    weight: z.number(),
    size: z.object({ pages: z.int().nullable() }),
    tags: z.array(z.string()).default([]),
  }),
  id: ["shelf", "place"],
  indexes: {
    byTitle: { fields: ["title"] },
    byWeight: { fields: ["weight", "title"] },
    byPages: { fields: ["size.pages"] },
    byPlaceDown: { fields: [{ field: "place", order: "descending" }] },
  },
});

export type Book = Infer<typeof Book>;
export type BookId = readonly [shelf: string, place: number];

export const idOf = ({ shelf, place }: Book): BookId => [shelf, place];
export const keyOf = (id: BookId): string => JSON.stringify(id);

/** Text that is hard on keys: zero and 0xff bytes, what tuples look like, one letter in two forms, beyond the BMP. */
export const hardText = fc.constantFrom(
  "",
  "a",
  "a\0",
  "a\0b",
  "a\0\xff",
  "aa",
  "b",
  "\0",
  "\xff",
  "\u0001\u0002",
  "\u00e9",
  "e\u0301",
  "\u{1f600}",
  "\uffff",
  "book",
);

export const places = fc.constantFrom(
  0,
  1,
  -1,
  2,
  255,
  256,
  -256,
  65_536,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
);
export const weights = fc.constantFrom(0, 0.5, -0.5, 1, 2, -1, 1e300, -1e300, 5e-324, Number.MAX_SAFE_INTEGER);
export const pageCounts = fc.constantFrom(null, 0, 1, 300, -7);

export const books: fc.Arbitrary<Book> = fc
  .record({
    shelf: hardText,
    place: places,
    title: fc.option(hardText, { nil: undefined }),
    weight: weights,
    pages: pageCounts,
    tags: fc.array(fc.string(), { maxLength: 2 }),
  })
  .map(({ pages, title, ...rest }) => ({ ...rest, ...(title === undefined ? {} : { title }), size: { pages } }));

type Scalar = string | number | null | undefined;

/** The order of key fields: absent before all, text by its UTF-8 bytes, numbers by value. */
export function compareScalars(a: Scalar, b: Scalar): number {
  if (a === null || a === undefined || b === null || b === undefined) {
    return Number(!(a === null || a === undefined)) - Number(!(b === null || b === undefined));
  }
  if (typeof a === "string" && typeof b === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : Number(a > b);
}

/** Compares as many leading elements as the shorter has: a bound is a beginning. */
export function compareBeginnings(a: readonly Scalar[], b: readonly Scalar[], down = false): number {
  for (let i = 0; i < Math.min(a.length, b.length); i += 1) {
    const order = compareScalars(a[i], b[i]);
    if (order !== 0) return down ? -order : order;
  }
  return 0;
}

/** The fields of a book that an index, or the id, is ordered by. */
export const fieldsOf = {
  id: (book: Book): Scalar[] => [book.shelf, book.place],
  byTitle: (book: Book): Scalar[] => [book.title],
  byWeight: (book: Book): Scalar[] => [book.weight, book.title],
  byPages: (book: Book): Scalar[] => [book.size.pages],
  byPlaceDown: (book: Book): Scalar[] => [book.place],
} as const;

export type Way = keyof typeof fieldsOf;
export const ways: readonly Way[] = ["id", "byTitle", "byWeight", "byPages", "byPlaceDown"];

/** Books as a query without bounds gives them. */
export const sorted = (all: Iterable<Book>, way: Way = "id"): Book[] =>
  [...all].sort(
    (a, b) =>
      compareBeginnings(fieldsOf[way](a), fieldsOf[way](b), way === "byPlaceDown") ||
      compareBeginnings(fieldsOf.id(a), fieldsOf.id(b)),
  );

/** Two new tenants whose ids differ in their last bit. */
export async function neighbours(db: Database): Promise<[Tenant, Tenant]> {
  const even = newTenantId().slice(0, -1);
  const ids = [parseTenantId(`${even}0`), parseTenantId(`${even}1`)] as const;
  for (const id of ids) await db.tenants.provision({ name: "neighbour", id });
  return [db.tenant(ids[0]), db.tenant(ids[1])];
}

/** Everything an iteration gives. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
