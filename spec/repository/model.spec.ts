/** A repository is a map from ids to records, whatever is done to it, and its neighbour another. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "../../lib/database.js";
import { memory, openEngine } from "../../lib/engine/index.js";
import { isTenantryError } from "../../lib/errors/index.js";
import { open } from "../../lib/open.js";
import type { TransactionRepository } from "../../lib/repository/index.js";
import { faulty } from "../../lib/testing/index.js";
import { runs } from "../runs.js";
import { impatient, rates } from "./fault-mix.js";
import {
  books as anyBook,
  Book,
  type BookId,
  hardText,
  idOf,
  keyOf,
  neighbours,
  sorted,
  ways,
  weights,
} from "./shelf.js";

interface Shelved {
  readonly book: Book;
  readonly revision: number;
}

/** What a repository is meant to be. */
class Model {
  readonly shelved = new Map<string, Shelved>();

  get books(): Book[] {
    return [...this.shelved.values()].map(({ book }) => book);
  }

  at(id: BookId): Shelved | undefined {
    return this.shelved.get(keyOf(id));
  }

  put(book: Book): void {
    this.shelved.set(keyOf(idOf(book)), { book, revision: (this.at(idOf(book))?.revision ?? 0) + 1 });
  }

  delete(id: BookId): boolean {
    return this.shelved.delete(keyOf(id));
  }
}

type Repository = TransactionRepository<typeof Book>;

/** Runs one operation on both and gives what each made of it: a value, or the code of an error. */
type Operation = (repository: Repository, model: Model) => readonly [Promise<unknown>, () => unknown];

class Refused extends Error {}

const refuse = (code: string): never => {
  throw new Refused(code);
};

// Few ids, so that operations meet; the queries' spec has many.
const ids = fc.constantFrom<BookId>(["", 0], ["a", 1], ["a\0", 1], ["a", -1], ["\uffff", Number.MAX_SAFE_INTEGER]);

const books = fc.tuple(anyBook, ids).map(([book, [shelf, place]]): Book => ({ ...book, shelf, place }));

const patches = fc
  .record({ title: fc.option(hardText, { nil: undefined }), weight: weights }, { requiredKeys: [] })
  .map((patch) => patch);

function patched(book: Book, patch: { title?: string | undefined; weight?: number }): Book {
  const { title: _, ...rest } = book;
  const title = "title" in patch ? patch.title : book.title;
  return { ...rest, ...(title === undefined ? {} : { title }), weight: patch.weight ?? book.weight };
}

const operations: fc.Arbitrary<Operation> = fc.oneof(
  books.map<Operation>((book) => (repository, model) => [
    repository.create(book),
    () => {
      if (model.at(idOf(book))) refuse("RECORD_EXISTS");
      model.put(book);
      return book;
    },
  ]),
  books.map<Operation>((book) => (repository, model) => [
    repository.put(book),
    () => {
      model.put(book);
      return book;
    },
  ]),
  fc.array(books, { maxLength: 6 }).map<Operation>((batch) => (repository, model) => [
    repository.createMany(batch),
    () => {
      const keys = batch.map((book) => keyOf(idOf(book)));
      if (new Set(keys).size < keys.length || keys.some((key) => model.shelved.has(key))) refuse("RECORD_EXISTS");
      for (const book of batch) model.put(book);
      return batch;
    },
  ]),
  fc.array(books, { maxLength: 6 }).map<Operation>((batch) => (repository, model) => [
    repository.putMany(batch),
    () => {
      for (const book of batch) model.put(book);
      return batch;
    },
  ]),
  fc
    .tuple(ids, weights, fc.option(fc.nat(3), { nil: undefined }))
    .map<Operation>(([id, by, ifRevision]) => (repository, model) => [
      repository.update(
        id,
        (book) => {
          // What a function does to its argument is its own affair.
          const weight = book.weight + by;
          book.weight = Number.NaN;
          return { ...book, weight };
        },
        { ifRevision },
      ),
      () => {
        const there = model.at(id) ?? refuse("RECORD_NOT_FOUND");
        if (ifRevision !== undefined && ifRevision !== there.revision) refuse("REVISION_MISMATCH");
        const weight = there.book.weight + by;
        if (!Number.isFinite(weight)) refuse("RECORD_INVALID");
        model.put({ ...there.book, weight });
        return model.at(id)?.book;
      },
    ]),
  fc.tuple(ids, patches).map<Operation>(([id, patch]) => (repository, model) => [
    repository.patch(id, patch),
    () => {
      const there = model.at(id) ?? refuse("RECORD_NOT_FOUND");
      model.put(patched(there.book, patch));
      return model.at(id)?.book;
    },
  ]),
  fc.tuple(ids, fc.option(fc.nat(3), { nil: undefined })).map<Operation>(([id, ifRevision]) => (repository, model) => [
    repository.delete(id, { ifRevision }),
    () => {
      if (ifRevision !== undefined && ifRevision !== model.at(id)?.revision) refuse("REVISION_MISMATCH");
      return model.delete(id);
    },
  ]),
  fc
    .array(ids, { maxLength: 6 })
    .map<Operation>((some) => (repository, model) => [
      repository.deleteMany(some),
      () => some.filter((id) => model.delete(id)).length,
    ]),
  ids.map<Operation>((id) => (repository, model) => [repository.get(id), () => model.at(id)?.book]),
  ids.map<Operation>((id) => (repository, model) => [repository.has(id), () => model.at(id) !== undefined]),
  ids.map<Operation>((id) => (repository, model) => [
    repository.require(id),
    () => (model.at(id) ?? refuse("RECORD_NOT_FOUND")).book,
  ]),
  ids.map<Operation>((id) => (repository, model) => [
    repository.entry(id),
    () => {
      const there = model.at(id);
      return there && { id, record: there.book, revision: there.revision };
    },
  ]),
  fc
    .array(ids, { maxLength: 6 })
    .map<Operation>((some) => (repository, model) => [
      repository.getMany(some),
      () => some.map((id) => model.at(id)?.book),
    ]),
);

/** A value, or the code of the error in its place. */
async function outcomeOf(work: () => unknown): Promise<unknown> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof Refused) return { code: error.message };
    if (isTenantryError(error)) return { code: error.code };
    throw error;
  }
}

async function assertAgrees(repository: Repository, model: Model): Promise<void> {
  expect(await repository.list()).toEqual(sorted(model.books));
  for (const way of ways) {
    if (way === "id") continue;
    expect(await repository.list({ index: way })).toEqual(sorted(model.books, way));
  }
  expect(await repository.count()).toBe(model.shelved.size);
  expect(await repository.verify()).toEqual([]);
}

/** Runs a sequence on two neighbours, each against a model of its own, comparing everything after every step. */
async function assertFollows(db: Database, sequence: readonly (readonly [side: number, Operation])[]): Promise<void> {
  const tenants = await neighbours(db);
  const sides = tenants.map((tenant) => ({ repository: tenant.repository(Book), model: new Model() }));
  for (const [at, operation] of sequence) {
    const { repository, model } = sides[at] ?? expect.unreachable();
    const [actual, expected] = operation(repository, model);
    expect(await outcomeOf(() => actual)).toEqual(await outcomeOf(expected));
    for (const side of sides) await assertAgrees(side.repository, side.model);
  }
}

describe("a repository", () => {
  let db: Database;
  beforeAll(async () => {
    db = await open({ engine: memory(), entities: [Book] });
  });
  afterAll(() => db.close());

  const steps = fc.array(fc.tuple(fc.nat(1), operations), { minLength: 1, maxLength: 25 });

  test("agrees with a map after every operation, and its neighbour with its own", async () => {
    await fc.assert(
      fc.asyncProperty(steps, (sequence) => assertFollows(db, sequence)),
      { numRuns: runs(40) },
    );
  });

  test("agrees with a map on an engine that conflicts, ages and loses answers, applying nothing twice", async () => {
    const engine = await openEngine(memory());
    const kinds = new Set<string>();
    const follow = async (seed: number, sequence: Parameters<typeof assertFollows>[1]): Promise<void> => {
      const faults = faulty(engine, { seed, rates, delayMs: 2, onFault: ({ kind }) => kinds.add(kind) });
      const troubled = await open({ engine: faults, entities: [Book], random: impatient });
      await assertFollows(troubled, sequence);
      await troubled.close();
      await faults.settled();
    };
    await fc.assert(fc.asyncProperty(fc.integer(), steps, follow), { numRuns: runs(12) });
    // Short sequences may have met few faults: on until each kind has struck.
    for (let seed = 1; kinds.size < Object.keys(rates).length && seed <= 50; seed++) {
      for (const sequence of fc.sample(steps, { seed, numRuns: 1 })) await follow(seed, sequence);
    }
    expect([...kinds].sort()).toEqual(Object.keys(rates).sort());
    await engine.close();
  });

  test("agrees with a map when the operations share transactions, failed ones writing nothing", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), steps), { maxLength: 4 }), async (transactions) => {
        const tenants = await neighbours(db);
        const sides = tenants.map((tenant) => ({ tenant, model: new Model() }));
        for (const [commits, sequence] of transactions) {
          const { tenant, model } = sides[sequence[0]?.[0] ?? 0] ?? expect.unreachable();
          const before = new Map(model.shelved);
          const given = new Error("given up");
          const work = tenant.transact(async (tx) => {
            const repository = tx.repository(Book);
            for (const [, operation] of sequence) {
              const [actual, expected] = operation(repository, model);
              expect(await outcomeOf(() => actual)).toEqual(await outcomeOf(expected));
            }
            await assertAgrees(repository, model);
            if (!commits) throw given;
          });
          if (commits) await work;
          else {
            await expect(work).rejects.toBe(given);
            model.shelved.clear();
            for (const [key, value] of before) model.shelved.set(key, value);
          }
          for (const side of sides) await assertAgrees(side.tenant.repository(Book), side.model);
        }
      }),
      { numRuns: runs(20) },
    );
  });
});
