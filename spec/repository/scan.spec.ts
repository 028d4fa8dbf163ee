/** Scans: one point in time while they are young, every row once however long they take. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Database } from "../../lib/database.js";
import { type Engine, type EngineTransaction, memory, openEngine } from "../../lib/engine/index.js";
import { scanBatchRowsMax } from "../../lib/limits/index.js";
import { systemClock } from "../../lib/observe/index.js";
import { open } from "../../lib/open.js";
import type { TenantRepository } from "../../lib/repository/index.js";
import { entity } from "../../lib/schema/index.js";
import type { Tenant } from "../../lib/tenant-handle.js";
import { collect } from "./shelf.js";

const Row = entity("row", {
  version: 1,
  schema: z.object({ n: z.int(), text: z.string() }),
  id: ["n"],
  indexes: { byText: { fields: ["text"] } },
});

const total = 2 * scanBatchRowsMax + 500;
const row = (n: number) => ({ n, text: "old" });

describe("a scan of several batches", () => {
  let db: Database;
  let skewMs = 0;
  beforeAll(async () => {
    const clock = { ...systemClock, monotonic: () => performance.now() + skewMs };
    db = await open({ engine: memory(), entities: [Row], clock });
  });
  afterAll(() => db.close());

  async function filled(): Promise<Tenant> {
    const { id } = await db.tenants.provision({ name: "rows" });
    const tenant = db.tenant(id);
    for (let from = 0; from < total; from += 500) {
      await tenant.repository(Row).createMany(Array.from({ length: 500 }, (_, i) => row(from + i)));
    }
    return tenant;
  }

  const all = Array.from({ length: total }, (_, n) => n);

  test("is of one point in time while it is young", async () => {
    const rows = (await filled()).repository(Row);
    const seen: number[] = [];
    for await (const batch of rows.scan().batches()) {
      if (seen.length === 0) {
        await rows.delete(total - 1);
        await rows.patch(total - 2, { text: "new" });
        await rows.create(row(total));
      }
      for (const { n, text } of batch) {
        expect(text).toBe("old");
        seen.push(n);
      }
    }
    expect(seen).toEqual(all);
    expect(await rows.count()).toBe(total);
  });

  test.each([
    ["forwards", {}],
    ["backwards", { reverse: true }],
    ["through an index", { index: "byText" }],
    ["backwards through an index", { index: "byText", reverse: true }],
  ] as const)("that grows old %s goes on with fresher data, every row once", async (_, query) => {
    const rows = (await filled()).repository(Row);
    const seen: number[] = [];
    let turns = 0;
    for await (const batch of rows.scan(query).batches()) {
      turns += 1;
      seen.push(...batch.map(({ n }) => n));
      // The next batch is of a later time: it sees what was deleted and created ahead of it.
      skewMs += 5_000;
      const ahead = "reverse" in query ? 0 : total - 1;
      if (turns === 1) {
        await rows.delete(ahead);
        await rows.create(row("reverse" in query ? -1 : total));
      }
    }
    const expected = "reverse" in query ? [...all.slice(1).reverse(), -1] : [...all.slice(0, -1), total];
    expect(turns).toBe(3);
    expect(seen).toEqual(expected);
  });

  test("row by row and in a list has the same rows", async () => {
    const rows = (await filled()).repository(Row);
    expect((await collect(rows.scan())).map(({ n }) => n)).toEqual(all);
    expect((await rows.list()).map(({ n }) => n)).toEqual(all);
    expect((await rows.list({ index: "byText", reverse: true })).map(({ n }) => n)).toEqual(all.toReversed());
    expect(await rows.count({ from: 10, to: total - 10 })).toBe(total - 20);
    const limited = await collect(rows.scan({ limit: scanBatchRowsMax + 1, reverse: true }));
    expect(limited.map(({ n }) => n)).toEqual(all.toReversed().slice(0, scanBatchRowsMax + 1));
  });
});

describe("a scan's iterator", () => {
  /** An engine that knows how many of its transactions are neither committed nor cancelled. */
  class Counting implements Engine {
    readonly name = "counting";
    readonly open = new Set<EngineTransaction>();
    readonly #engine: Engine;

    constructor(engine: Engine) {
      this.#engine = engine;
    }

    get capabilities(): Engine["capabilities"] {
      return this.#engine.capabilities;
    }

    begin(): EngineTransaction {
      const transaction = this.#engine.begin();
      this.open.add(transaction);
      const cancel = transaction.cancel.bind(transaction);
      transaction.cancel = () => {
        this.open.delete(transaction);
        cancel();
      };
      return transaction;
    }

    close(): Promise<void> {
      return this.#engine.close();
    }
  }

  let engine: Counting;
  let db: Database;
  let rows: TenantRepository<typeof Row>;
  beforeAll(async () => {
    engine = new Counting(await openEngine(memory()));
    db = await open({ engine, entities: [Row] });
    rows = db.tenant((await db.tenants.provision({ name: "rows" })).id).repository(Row);
    for (let from = 0; from < total; from += 500) {
      await rows.createMany(Array.from({ length: 500 }, (_, i) => row(from + i)));
    }
  });
  afterAll(async () => {
    await db.close();
    await engine.close();
  });

  test("may be asked for many rows at once", async () => {
    const iterator = rows.scan()[Symbol.asyncIterator]();
    const asked = await Promise.all(Array.from({ length: total + 3 }, () => iterator.next()));
    expect(asked.flatMap(({ value }) => (value === undefined ? [] : [value.n]))).toEqual([...Array(total).keys()]);
    expect(asked.map(({ done }) => done).slice(-4)).toEqual([false, true, true, true]);
  });

  test("gives its read version back at the end, when it is left, and when it fails", async () => {
    engine.open.clear();
    const held: number[] = [];
    for await (const batch of rows.scan().batches()) if (batch.length > 0) held.push(engine.open.size);
    expect(held).toEqual([1, 1, 1]);
    expect(engine.open.size).toBe(0);
    for await (const { n } of rows.scan()) if (n === 1_200) break;
    expect(engine.open.size).toBe(0);
    for await (const batch of rows.scan().batches()) if (batch.length > 0) break;
    expect(engine.open.size).toBe(0);
    const stop = new AbortController();
    const aborted = (async () => {
      for await (const { n } of rows.scan({ signal: stop.signal })) if (n === 10) stop.abort();
    })();
    await expect(aborted).rejects.toMatchObject({ code: "TRANSACTION_ABORTED" });
    await rows.count();
    await rows.verify();
    expect(engine.open.size).toBe(0);
  });
});

describe("bounds", () => {
  let db: Database;
  beforeAll(async () => {
    db = await open({ engine: memory(), entities: [Row] });
  });
  afterAll(() => db.close());

  test("of batches and lists are errors before anything is read or written", async () => {
    const { id } = await db.tenants.provision({ name: "rows" });
    const rows = db.tenant(id).repository(Row);
    const many = Array.from({ length: 1_001 }, (_, n) => row(n));
    const ids = many.map(({ n }) => n);
    const tooLarge = { code: "BATCH_TOO_LARGE", details: { records: 1_001, batchRecordsMax: 1_000 } };
    await expect(rows.createMany(many)).rejects.toMatchObject(tooLarge);
    await expect(rows.putMany(many)).rejects.toMatchObject(tooLarge);
    await expect(rows.deleteMany(ids)).rejects.toMatchObject(tooLarge);
    await expect(rows.getMany(ids)).rejects.toMatchObject(tooLarge);
    expect(await rows.count()).toBe(0);
  });

  test("of a list without a limit is 10,000 rows", async () => {
    const { id } = await db.tenants.provision({ name: "rows" });
    const rows = db.tenant(id).repository(Row);
    for (let from = 0; from < 10_000; from += 1_000) {
      await rows.createMany(Array.from({ length: 1_000 }, (_, i) => row(from + i)));
    }
    expect(await rows.list()).toHaveLength(10_000);
    await rows.create(row(10_000));
    await expect(rows.list()).rejects.toMatchObject({ code: "LIST_TOO_LARGE", details: { listRecordsMax: 10_000 } });
    expect(await rows.list({ limit: 20_000 })).toHaveLength(10_001);
  });
});
