/** Verifying indexes: nothing is found where all is well, and each kind of damage is. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "../../lib/database.js";
import { type Engine, memory, openEngine } from "../../lib/engine/index.js";
import { indexPrefix, Keyspace, recordPrefix } from "../../lib/keyspace/index.js";
import { open } from "../../lib/open.js";
import { concatBytes, pack } from "../../lib/tuple/index.js";
import { Book } from "../repository/shelf.js";

describe("verify", () => {
  let engine: Engine;
  let db: Database;
  beforeAll(async () => {
    engine = await openEngine(memory());
    db = await open({ engine, entities: [Book] });
  });
  afterAll(async () => {
    await db.close();
    await engine.close();
  });

  const book: Book = { shelf: "a", place: 1, title: "t", weight: 2, size: { pages: 3 }, tags: [] };

  /** A tenant with three books, and a way to damage it behind the library's back. */
  async function shelf() {
    const { id } = await db.tenants.provision({ name: "shelf" });
    const repository = db.tenant(id).repository(Book);
    await repository.createMany([book, { ...book, place: 2, title: "u" }, { ...book, place: 3 }]);
    const range = new Keyspace().tenant(id);
    const entry = (index: string, values: Parameters<typeof pack>[0], place: number): Uint8Array =>
      range.absolute(concatBytes(indexPrefix("book", index), pack([...values, "a", place])));
    const damage = async (work: (engine: ReturnType<Engine["begin"]>) => void): Promise<void> => {
      const transaction = engine.begin();
      work(transaction);
      await transaction.commit();
    };
    return { repository, entry, damage, range };
  }

  test("finds nothing where every change went through a repository", async () => {
    const { repository } = await shelf();
    await repository.patch(["a", 1], { title: "v", weight: -1 });
    await repository.delete(["a", 2]);
    expect(await repository.verify()).toEqual([]);
  });

  test("finds an entry that is missing", async () => {
    const { repository, entry, damage } = await shelf();
    await damage((transaction) => transaction.clear(entry("byTitle", ["u"], 2)));
    expect(await repository.verify()).toEqual([{ index: "byTitle", kind: "missing", id: ["a", 2] }]);
  });

  test("finds an entry without a record", async () => {
    const { repository, entry, damage } = await shelf();
    await damage((transaction) => transaction.set(entry("byPages", [3], 9), new Uint8Array()));
    expect(await repository.verify()).toEqual([{ index: "byPages", kind: "orphan", id: ["a", 9] }]);
    await expect(repository.list({ index: "byPages" })).rejects.toMatchObject({
      code: "INDEX_CORRUPT",
      details: { entity: "book", index: "byPages" },
    });
  });

  test("finds an entry under a value its record does not have", async () => {
    const { repository, entry, damage } = await shelf();
    await damage((transaction) => transaction.set(entry("byTitle", ["zz"], 1), new Uint8Array()));
    expect(await repository.verify()).toEqual([{ index: "byTitle", kind: "stale", id: ["a", 1] }]);
  });

  test("finds a key that is no entry", async () => {
    const { repository, range, damage } = await shelf();
    const key = range.absolute(concatBytes(indexPrefix("book", "byTitle"), Uint8Array.of(0x15)));
    await damage((transaction) => transaction.set(key, new Uint8Array()));
    expect(await repository.verify()).toEqual([{ index: "byTitle", kind: "unreadable", id: undefined }]);
  });

  test("finds what a lost record leaves behind in each index", async () => {
    const { repository, range, damage } = await shelf();
    const key = range.absolute(concatBytes(recordPrefix("book"), pack(["a", 3])));
    await damage((transaction) => transaction.clear(key));
    const defects = await repository.verify();
    expect(defects.map(({ index, kind }) => `${kind} ${index}`).sort()).toEqual([
      "orphan byPages",
      "orphan byPlaceDown",
      "orphan byTitle",
      "orphan byWeight",
    ]);
  });
});
