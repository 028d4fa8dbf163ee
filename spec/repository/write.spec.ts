/** Writes that are refused leave nothing behind, and each says why; writes that race lose nothing. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "../../lib/database.js";
import { memory } from "../../lib/engine/index.js";
import { keyBytesMax, recordBytesDefault } from "../../lib/limits/index.js";
import { open } from "../../lib/open.js";
import type { TenantRepository } from "../../lib/repository/index.js";
import type { Tenant } from "../../lib/tenant-handle.js";
import { Book } from "./shelf.js";

const book = (place: number): Book => ({ shelf: "a", place, title: "t", weight: 1, size: { pages: 2 }, tags: [] });

describe("a write", () => {
  let db: Database;
  let tenant: Tenant;
  let repository: TenantRepository<typeof Book>;

  beforeAll(async () => {
    db = await open({ engine: memory(), entities: [Book] });
  });
  beforeEach(async () => {
    tenant = db.tenant((await db.tenants.provision({ name: "x" })).id);
    repository = tenant.repository(Book);
    await repository.create(book(0));
  });
  afterAll(() => db.close());

  const tooLarge = (place: number): Book => ({ ...book(place), tags: ["x".repeat(recordBytesDefault)] });
  const longTitle = (place: number): Book => ({ ...book(place), title: "x".repeat(keyBytesMax) });
  const longShelf = (place: number): Book => ({ ...book(place), shelf: "x".repeat(keyBytesMax) });
  const misfit = (place: number): Book => ({ ...book(place), weight: Number.NaN });

  test.each([
    ["a record over the limit", tooLarge, "RECORD_TOO_LARGE"],
    ["an index entry over the limit", longTitle, "KEY_TOO_LARGE"],
    ["a key over the limit", longShelf, "KEY_TOO_LARGE"],
    ["a misfit", misfit, "RECORD_INVALID"],
    ["half a pair of surrogates", (place: number) => ({ ...book(place), title: "\ud800" }), undefined],
  ])("of %s leaves nothing behind, even where its error is swallowed", async (_, bad, code) => {
    const refused = async (work: Promise<unknown>): Promise<void> => {
      const error: unknown = await work.then(
        () => expect.unreachable(),
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject(code === undefined ? { family: "input" } : { code });
    };
    await tenant.transact(async (tx) => {
      const within = tx.repository(Book);
      await refused(within.create(bad(1)));
      await refused(within.createMany([book(1), bad(2), book(3)]));
      await refused(within.putMany([{ ...book(0), title: "changed" }, bad(2)]));
      await refused(within.put(bad(0)));
      await refused(within.update(["a", 0], () => bad(0)));
    });
    expect(await repository.list()).toEqual([book(0)]);
    expect(await repository.verify()).toEqual([]);
  });

  test("of a record that fits to the byte is taken, by its index as well", async () => {
    let fits = 1;
    let fails = keyBytesMax;
    while (fails - fits > 1) {
      const length = (fits + fails) >> 1;
      const taken = await repository.put({ ...book(1), title: "x".repeat(length) }).then(
        () => true,
        () => false,
      );
      if (taken) fits = length;
      else fails = length;
    }
    expect(fits).toBeGreaterThan(1_800);
    await repository.put({ ...book(1), title: "x".repeat(fits) });
    expect(await repository.list({ index: "byTitle", from: "x" })).toHaveLength(1);
    expect((await repository.page({ index: "byTitle", reverse: true, size: 1 })).next).toBeTypeOf("string");
    await tenant.transact(async (tx) => {
      const over = tx.repository(Book).put({ ...book(1), weight: 9, title: "x".repeat(fits + 1) });
      await expect(over).rejects.toMatchObject({ code: "KEY_TOO_LARGE", details: { bytes: keyBytesMax + 1 } });
    });
    expect(await repository.require(["a", 1])).toMatchObject({ weight: 1 });
    expect(await repository.verify()).toEqual([]);
  });

  test("says what does not fit", async () => {
    await expect(repository.create(misfit(1))).rejects.toMatchObject({
      code: "RECORD_INVALID",
      details: { entity: "book", issues: [{ path: ["weight"] }] },
    });
    const typo: object = { titel: "x" };
    await expect(repository.patch(["a", 0], typo)).rejects.toMatchObject({ code: "RECORD_INVALID" });
    const moved: object = { place: 7 };
    await expect(repository.patch(["a", 0], moved)).rejects.toMatchObject({ code: "RECORD_INVALID" });
    await expect(repository.create(book(0))).rejects.toMatchObject({
      code: "RECORD_EXISTS",
      details: { entity: "book", id: Book.formatId(["a", 0]) },
    });
    await expect(repository.get(["a", 0.5])).rejects.toMatchObject({ code: "RECORD_ID_INVALID" });
    await expect(
      repository.deleteMany([
        ["a", 0],
        ["\ud800", 0],
      ]),
    ).rejects.toMatchObject({ code: "RECORD_ID_INVALID" });
    expect(await repository.list()).toEqual([book(0)]);
  });

  test("may not change the id of a record, nor wait, nor fail half way", async () => {
    await expect(repository.update(["a", 0], (was) => ({ ...was, place: 1 }))).rejects.toMatchObject({
      code: "RECORD_ID_CHANGED",
      details: { entity: "book", id: Book.formatId(["a", 0]) },
    });
    const waits = (async (was: Book) => was) as unknown as (was: Book) => Book;
    await expect(repository.update(["a", 0], waits)).rejects.toMatchObject({ code: "RECORD_INVALID" });
    const thrown = new Error("no");
    const fails = (): never => {
      throw thrown;
    };
    await expect(repository.update(["a", 0], fails)).rejects.toBe(thrown);
    expect(await repository.entry(["a", 0])).toEqual({ id: ["a", 0], record: book(0), revision: 1 });
  });

  test("counts the revision of its record, from the start again after a delete", async () => {
    const revision = async (): Promise<number | undefined> => (await repository.entry(["a", 0]))?.revision;
    await repository.patch(["a", 0], { title: undefined });
    expect(await repository.require(["a", 0])).not.toHaveProperty("title");
    expect(await revision()).toBe(2);
    await repository.put(book(0), { ifRevision: 2 });
    await repository.putMany([book(0), book(0)]);
    expect(await revision()).toBe(5);
    for (const stale of [
      repository.put(book(0), { ifRevision: 4 }),
      repository.patch(["a", 0], {}, { ifRevision: 6 }),
      repository.delete(["a", 0], { ifRevision: 1 }),
    ]) {
      await expect(stale).rejects.toMatchObject({ code: "REVISION_MISMATCH", details: { actual: 5 } });
    }
    for (const none of [null, "5", 5n, { tenant: "another" }, Symbol("5")] as never[]) {
      const details = { option: "ifRevision" };
      for (const call of [
        () => repository.put(book(0), { ifRevision: none }),
        () => repository.update(["a", 0], (one) => one, { ifRevision: none }),
        () => repository.delete(["a", 0], { ifRevision: none }),
      ]) {
        await expect((async () => await call())()).rejects.toMatchObject({
          code: "TRANSACTION_OPTION_INVALID",
          details,
        });
      }
    }
    expect(await repository.delete(["a", 0], { ifRevision: 5 })).toBe(true);
    await expect(repository.put(book(0), { ifRevision: 5 })).rejects.toMatchObject({ details: { actual: undefined } });
    await repository.create(book(0));
    expect(await revision()).toBe(1);
  });

  test("that races with others loses none of them", async () => {
    const grow = () => repository.update(["a", 0], (was) => ({ ...was, weight: was.weight + 1 }));
    await Promise.all(Array.from({ length: 24 }, grow));
    expect(await repository.entry(["a", 0])).toMatchObject({ record: { weight: 25 }, revision: 25 });
    expect(await repository.verify()).toEqual([]);
    const creates = await Promise.allSettled(Array.from({ length: 16 }, () => repository.create(book(9))));
    expect(creates.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
});
