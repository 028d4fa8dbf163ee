/** Large records: every method takes them as it takes small ones, at one range read more, and damage is found. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Database } from "../../lib/database.js";
import { type Engine, memory, openEngine } from "../../lib/engine/index.js";
import { chunkKey, Keyspace, recordPrefix } from "../../lib/keyspace/index.js";
import { GivenKeyring } from "../../lib/lifecycle/index.js";
import { keyBytesMax, recordBytesLargest, valueBytesMax } from "../../lib/limits/index.js";
import { open } from "../../lib/open.js";
import { CursorSeal, RepositoryFactory, RunnerWriter, type TransactionRepository } from "../../lib/repository/index.js";
import { type AnyEntity, type EntityModel, entity, modelOf } from "../../lib/schema/index.js";
import { faulty, type RecordingEngine, recording } from "../../lib/testing/index.js";
import type { RecordChange } from "../../lib/transaction/index.js";
import { concatBytes } from "../../lib/tuple/index.js";
import { untold } from "../engine/with-capabilities.js";
import { runs } from "../runs.js";
import { openFixture } from "../transaction/fixture.js";
import { impatient, rates } from "./fault-mix.js";
import { collect } from "./shelf.js";

const Paper = entity("paper", {
  version: 1,
  schema: z.object({ id: z.string(), rank: z.int(), text: z.string() }),
  id: ["id"],
  indexes: { byRank: { fields: ["rank"], stored: ["id"] } },
  recordBytesMax: recordBytesLargest,
});
type Repository = TransactionRepository<typeof Paper>;
interface Paper {
  id: string;
  rank: number;
  text: string;
}

const paper = (id: string, rank: number, length: number): Paper => ({ id, rank, text: `${rank} `.repeat(length / 2) });

/** Around the edges, and far past them. */
const lengths = fc.constantFrom(0, 10, 99_900, valueBytesMax, 107_980, 107_990, 208_000, 350_000);
const papers = fc
  .tuple(fc.constantFrom("a", "b", "a\0", "c"), fc.integer({ min: 0, max: 9 }), lengths)
  .map(([id, rank, length]) => paper(id, rank, length));

type Step = readonly ["put" | "update" | "delete", Paper];
const steps: fc.Arbitrary<readonly Step[]> = fc.array(fc.tuple(fc.constantFrom("put", "update", "delete"), papers), {
  minLength: 1,
  maxLength: 8,
});

async function run(repository: Repository, model: Map<string, Paper>, [how, given]: Step): Promise<void> {
  if (how === "delete") {
    expect(await repository.delete(given.id)).toBe(model.delete(given.id));
  } else if (how === "put") {
    await repository.put(given);
    model.set(given.id, given);
  } else if (model.has(given.id)) {
    await repository.update(given.id, () => given);
    model.set(given.id, given);
  }
}

async function assertAgrees(repository: Repository, model: ReadonlyMap<string, Paper>): Promise<void> {
  const sorted = [...model.values()].sort((a, b) => Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)));
  expect(await repository.list()).toEqual(sorted);
  expect(await collect(repository.scan({ reverse: true }))).toEqual([...sorted].reverse());
  const ranked = [...sorted].sort((a, b) => a.rank - b.rank);
  expect(await collect(repository.scan({ index: "byRank" }))).toEqual(ranked);
  expect(await repository.first({ index: "byRank" })).toEqual(ranked[0]);
  expect((await repository.page({ size: 2 })).items).toEqual(sorted.slice(0, 2));
  expect(await repository.getMany(sorted.map(({ id }) => id))).toEqual(sorted);
  expect(await repository.count()).toBe(model.size);
  expect(await repository.verify()).toEqual([]);
}

describe("large records", () => {
  let inner: Engine;
  let engine: RecordingEngine;
  let db: Database;
  beforeAll(async () => {
    inner = await openEngine(memory());
    engine = recording(untold(inner));
    db = await open({ engine, entities: [Paper] });
  });
  afterAll(async () => {
    await db.close();
    await inner.close();
  });

  async function library() {
    const { id } = await db.tenants.provision({ name: "library" });
    const range = new Keyspace().tenant(id);
    const damage = async (work: (transaction: ReturnType<Engine["begin"]>) => void): Promise<void> => {
      const transaction = inner.begin();
      work(transaction);
      await transaction.commit();
    };
    const model = modelOf(Paper);
    const chunk = (id: string, n: number): Uint8Array => range.absolute(chunkKey("paper", model.encodeId(id), n));
    const head = (id: string): Uint8Array => range.absolute(concatBytes(recordPrefix("paper"), model.encodeId(id)));
    return { id, tenant: db.tenant(id), repository: db.tenant(id).repository(Paper), damage, chunk, head };
  }

  test("are a map of ids to records among small ones", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const { repository } = await library();
        const model = new Map<string, Paper>();
        for (const step of sequence) await run(repository, model, step);
        await assertAgrees(repository, model);
      }),
      { numRuns: runs(12) },
    );
  });

  test("are so on an engine that conflicts, ages and loses answers", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), steps, async (seed, sequence) => {
        const { id, repository } = await library();
        const faults = faulty(inner, { seed, rates, delayMs: 2 });
        const troubled = await open({ engine: faults, entities: [Paper], random: impatient });
        const model = new Map<string, Paper>();
        for (const step of sequence) await run(troubled.tenant(id).repository(Paper), model, step);
        await troubled.close();
        await faults.settled();
        await assertAgrees(repository, model);
      }),
      { numRuns: runs(6) },
    );
  });

  test("are so when their changes run all at once, apart and in one transaction", async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (sequence, together) => {
        const { tenant, repository } = await library();
        const all = (papers: Repository) =>
          Promise.all(sequence.map(([how, given]) => (how === "delete" ? papers.delete(given.id) : papers.put(given))));
        if (together) await tenant.transact((tx) => all(tx.repository(Paper)));
        else await all(repository);
        const left = await repository.list();
        await assertAgrees(repository, new Map(left.map((one) => [one.id, one])));
      }),
      { numRuns: runs(8) },
    );
  });

  test("read their own writes in a transaction, and many at once in a scan", async () => {
    const { tenant, repository } = await library();
    await tenant.transact(async (tx) => {
      const papers = tx.repository(Paper);
      for (let n = 0; n < 20; n++) await papers.put(paper(String(n), n, n % 2 === 0 ? 250_000 : 10));
      expect(await papers.require("4")).toEqual(paper("4", 4, 250_000));
      expect(await papers.count()).toBe(20);
      expect((await papers.list({ index: "byRank" })).map(({ rank }) => rank)).toEqual([...Array(20).keys()]);
    });
    engine.take();
    const scanned = await collect(repository.scan());
    expect(scanned).toHaveLength(20);
    const reads = engine.take().filter(({ kind, operation }) => kind === "asked" && operation === "getRange");
    // Ten heads of 8,000 bytes do not fill a batch alone; ten large records take one range read each.
    expect(reads.length).toBeGreaterThanOrEqual(11);
    expect(reads.length).toBeLessThanOrEqual(13);
  });

  test("fit to the byte, and say what does not", async () => {
    const { repository } = await library();
    const own = modelOf(Paper).encodeRecord(paper("a", 1, 0), 1).length;
    const most = { id: "a", rank: 1, text: "x".repeat(recordBytesLargest - own - 4) };
    await repository.create(most);
    expect(await repository.get("a")).toEqual(most);
    await expect(repository.patch("a", { text: `${most.text}x` })).rejects.toMatchObject({
      code: "RECORD_TOO_LARGE",
      details: { entity: "paper", id: "a", bytes: recordBytesLargest + 1, recordBytesMax: recordBytesLargest },
    });
    const id = "x".repeat(keyBytesMax - 27 - 9 - 20);
    await repository.put(paper(id, 1, 200_000));
    expect(await repository.verify()).toEqual([]);
    for (const recordBytesMax of [0, 1.5, recordBytesLargest + 1]) {
      const define = () => entity("e", { version: 1, schema: z.object({ id: z.int() }), id: ["id"], recordBytesMax });
      expect(define).toThrow(expect.objectContaining({ code: "ENTITY_INVALID" }));
    }
  });

  test("cost one range read more, a clear of their chunks, and a write each; small ones nothing", async () => {
    const { repository } = await library();
    await repository.delete("a"); // the tenant is known
    await repository.put(paper("b", 2, 10)); // and the markers of before are swept
    await repository.delete("b");
    const costOf = async (work: () => Promise<unknown>) => {
      engine.take();
      await work();
      const cost: Record<string, number> = {};
      for (const { kind, operation } of engine.take()) {
        if (kind === "asked" || kind === "written") cost[operation] = (cost[operation] ?? 0) + 1;
      }
      return cost;
    };
    const marker = { setVersionstampedValue: 1 };
    // A head and four chunks; two of them where there were four.
    const create = { get: 2, clearRange: 1, set: 5 + 1, ...marker };
    expect(await costOf(() => repository.create(paper("a", 1, 350_000)))).toEqual(create);
    expect(await costOf(() => repository.get("a"))).toEqual({ get: 2, getRange: 1 });
    expect(await costOf(() => repository.has("a"))).toEqual({ get: 2 });
    expect(await costOf(() => repository.count())).toEqual({ get: 1, getRange: 1 });
    expect(await costOf(() => repository.list())).toEqual({ get: 1, getRange: 1 + 1 });
    expect(await costOf(() => repository.page({ size: 1, index: "byRank" }))).toEqual({ get: 2, getRange: 1 + 1 });
    const select = ["rank", "id"] as const;
    expect(await costOf(() => repository.list({ index: "byRank", select }))).toEqual({ get: 1, getRange: 1 });
    const shrink = { get: 2, getRange: 1, clearRange: 1, set: 3, ...marker };
    expect(await costOf(() => repository.patch("a", { text: "x".repeat(200_000) }))).toEqual(shrink);
    const small = { get: 2, getRange: 1, clearRange: 1, set: 1, ...marker };
    expect(await costOf(() => repository.patch("a", { text: "" }))).toEqual(small);
    expect(await costOf(() => repository.patch("a", { text: "x" }))).toEqual({ get: 2, set: 1, ...marker });
    await repository.patch("a", { text: "x".repeat(200_000) });
    const removal = { get: 2, getRange: 1, clear: 2, clearRange: 1, ...marker };
    expect(await costOf(() => repository.delete("a"))).toEqual(removal);
  });

  test("tell the hooks the bytes of all their rows", async () => {
    const changes: RecordChange[] = [];
    const hook = {
      name: "seen",
      subspace: 3 as const,
      change: (_: unknown, change: RecordChange) => changes.push(change),
    };
    await using fixture = await openFixture({ hooks: [hook] });
    const id = await fixture.tenant();
    const factory = new RepositoryFactory(
      new Map<AnyEntity, EntityModel<AnyEntity>>([[Paper, modelOf<AnyEntity>(Paper)]]),
      new CursorSeal(new GivenKeyring(new Uint8Array(32)), Date.now),
      27,
    );
    const papers = factory.writer(Paper, new RunnerWriter(fixture.runner, id));
    const storedBytes = async (): Promise<number> => {
      const { begin, end } = fixture.keyspace.tenant(id);
      const options = { limit: 100, mode: "exact" } as const;
      const at = (key: Uint8Array) => ({ key, orEqual: false, offset: 1 });
      const { rows } = await fixture.engine.begin().getRange(at(begin), at(end), options);
      const ofRecords = ([key]: [Uint8Array, Uint8Array]) => key[27] === 2 || (key[27] === 0x15 && key[28] === 6);
      const own = rows.filter(ofRecords);
      return own.reduce((bytes, [key, value]) => bytes + key.length - 27 + value.length, 0);
    };
    let bytes = 0;
    for (const length of [10, 350_000, 200_000, 0]) {
      await papers.put(paper("a", 1, length));
      const before = bytes;
      bytes = await storedBytes();
      expect(changes.at(-1)).toMatchObject({ bytesBefore: before, bytesAfter: bytes });
    }
    await papers.put(paper("a", 1, 350_000));
    await papers.delete("a");
    expect(changes.at(-1)).toMatchObject({ bytesBefore: changes.at(-2)?.bytesAfter, bytesAfter: 0 });
    expect(await storedBytes()).toBe(0);
  });

  test("damaged, are errors to read and defects to verify", async () => {
    const { repository, damage, chunk, head } = await library();
    await repository.createMany([paper("a", 1, 350_000), paper("b", 2, 350_000), paper("c", 3, 10)]);
    await damage((transaction) => transaction.clear(chunk("a", 2)));
    await expect(repository.get("a")).rejects.toMatchObject({ code: "VALUE_CORRUPT", family: "corrupt" });
    await expect(repository.list()).rejects.toMatchObject({ code: "VALUE_CORRUPT" });
    expect(await repository.has("a")).toBe(true);
    expect(await repository.verify()).toEqual([{ part: "chunks", kind: "missing", id: "a" }]);
    await damage((transaction) => {
      transaction.set(chunk("a", 2), new Uint8Array(valueBytesMax).fill(1));
      transaction.set(chunk("b", 9), Uint8Array.of(1, 1));
      transaction.set(chunk("c", 1), Uint8Array.of(1, 1));
      transaction.set(chunk("d", 1), Uint8Array.of(1, 1));
      transaction.set(chunk("d", 2), Uint8Array.of(1, 1));
    });
    expect(await repository.get("b")).toEqual(paper("b", 2, 350_000));
    expect(await repository.get("c")).toEqual(paper("c", 3, 10));
    expect(await repository.verify()).toEqual([
      { part: "chunks", kind: "torn", id: "a" },
      { part: "chunks", kind: "extra", id: "b" },
      { part: "chunks", kind: "orphan", id: "c" },
      { part: "chunks", kind: "orphan", id: "d" },
    ]);
    await damage((transaction) => transaction.set(head("d"), Uint8Array.of(0x12, 0, 0, 0, 0, 1, 1)));
    await expect(repository.get("d")).rejects.toMatchObject({ code: "VALUE_CORRUPT" });
  });
});
