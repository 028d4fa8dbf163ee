/** Verifying indexes: nothing is found where all is well, and each kind of damage is. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "../../lib/database.js";
import { type Engine, memory, openEngine } from "../../lib/engine/index.js";
import { indexPrefix, Keyspace, recordPrefix } from "../../lib/keyspace/index.js";
import { open } from "../../lib/open.js";
import { modelOf } from "../../lib/schema/index.js";
import { concatBytes, pack } from "../../lib/tuple/index.js";
import { Item } from "../repository/kinds.js";
import { Book } from "../repository/shelf.js";

describe("verify", () => {
  let engine: Engine;
  let db: Database;
  beforeAll(async () => {
    engine = await openEngine(memory());
    db = await open({ engine, entities: [Book, Item] });
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

  const item = { id: 1, code: "c", group: "g", rank: 1, live: true, spot: { row: 3 }, tags: ["x", "y"] };

  /** A tenant with two items, and a way to damage an entry of one of them behind the library's back. */
  async function shop() {
    const { id } = await db.tenants.provision({ name: "shop" });
    const repository = db.tenant(id).repository(Item);
    await repository.create(item);
    await repository.create({ id: 2, code: "d", group: "h", rank: 1, live: false, tags: [] });
    const range = new Keyspace().tenant(id);
    const damage = async (
      index: string,
      values: Parameters<typeof pack>[0],
      change: (value: Uint8Array | undefined) => Uint8Array | undefined,
    ): Promise<void> => {
      const transaction = engine.begin();
      const key = range.absolute(concatBytes(indexPrefix("item", index), pack(values)));
      const value = change(await transaction.get(key));
      if (value === undefined) transaction.clear(key);
      else transaction.set(key, value);
      await transaction.commit();
    };
    const write = async (record: Item): Promise<void> => {
      const transaction = engine.begin();
      const model = modelOf(Item);
      const key = range.absolute(concatBytes(recordPrefix("item"), model.encodeId(record.id)));
      transaction.set(key, model.encodeRecord(record, 9));
      await transaction.commit();
    };
    return { repository, damage, write };
  }

  test("finds a unique entry that is missing, and one that is another record's", async () => {
    const { repository, damage } = await shop();
    await damage("code", ["c"], () => undefined);
    expect(await repository.verify()).toEqual([{ index: "code", kind: "missing", id: 1 }]);
    await damage("code", ["c"], () => Uint8Array.of(1, 0, 2, ...pack([2])));
    expect(await repository.verify()).toEqual([
      { index: "code", kind: "missing", id: 1 },
      { index: "code", kind: "stale", id: 2 },
    ]);
    await damage("code", ["c"], () => Uint8Array.of(1, 0, 2, ...pack([7])));
    expect(await repository.verify()).toEqual([
      { index: "code", kind: "missing", id: 1 },
      { index: "code", kind: "orphan", id: 7 },
    ]);
  });

  test("finds two records with one value in a unique index", async () => {
    const { repository, damage, write } = await shop();
    await write({ id: 2, code: "c", group: "h", rank: 1, live: false, tags: [] });
    await damage("code", ["d"], () => undefined);
    expect(await repository.verify()).toEqual([{ index: "code", kind: "duplicate", id: 2 }]);
  });

  test("finds stored fields that are not the record's, and values that are none", async () => {
    const { repository, damage, write } = await shop();
    await write({ ...item, rank: 1, tags: ["x", "y", "z"] });
    const found = await repository.verify();
    expect(found.map(({ index, kind }) => `${kind} ${index}`).sort()).toEqual([
      "missing tag",
      "stale covering",
      "stale place",
    ]);
    await write(item);
    await damage("place", ["g", 3], () => Uint8Array.of(9));
    await damage("plain", ["h", 1, 2], () => Uint8Array.of(1, 0, 0));
    await damage("live", [1, 1], () => Uint8Array.of(1, 0, 2, 21, 7));
    expect(await repository.verify()).toEqual([
      { index: "place", kind: "missing", id: 1 },
      { index: "plain", kind: "stale", id: 2 },
      { index: "place", kind: "unreadable", id: undefined },
      { index: "live", kind: "unreadable", id: undefined },
    ]);
  });

  test("finds entries of elements and records that should not be there", async () => {
    const { repository, damage } = await shop();
    await damage("tag", ["q", "g", 1], () => new Uint8Array());
    await damage("live", [1, 2], () => new Uint8Array());
    await damage("tag", ["y", "g", 1], () => undefined);
    expect(await repository.verify()).toEqual([
      { index: "tag", kind: "missing", id: 1 },
      { index: "live", kind: "stale", id: 2 },
      { index: "tag", kind: "stale", id: 1 },
    ]);
  });
});
