/**
 * Each record exactly once: under faults, beside other writers, with several runners of one name, and after kill -9.
 * Left out of the quick run.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Engine, embedded, memory, openEngine } from "../../../lib/engine/index.js";
import { isTenantryError } from "../../../lib/errors/index.js";
import { open } from "../../../lib/open.js";
import type { TenantRepository, WorkOptions, WorkProgress } from "../../../lib/repository/index.js";
import { newTenantId, parseTenantId } from "../../../lib/tenant/index.js";
import { faulty } from "../../../lib/testing/index.js";
import { runs } from "../../runs.js";
import { impatient, rates } from "../fault-mix.js";
import { fill, hit, Parcel } from "./parcel.js";

type Parcels = TenantRepository<typeof Parcel>;

/** The ways through a range, and what is done there: all of them change every record once. */
const ways: Readonly<Record<string, (parcels: Parcels, options: WorkOptions) => Promise<WorkProgress>>> = {
  "by id": (parcels, options) => parcels.transform({}, hit, options),
  "by id from the end": (parcels, options) => parcels.transform({ reverse: true }, hit, options),
  "out of an index": (parcels, options) =>
    parcels.transform({ index: "byState", equals: "open" }, (parcel) => ({ ...hit(parcel), state: "paid" }), options),
  "behind in an index": (parcels, options) => parcels.transform({ index: "byHits", reverse: true }, hit, options),
};

const script = fc.record({
  total: fc.integer({ min: 1, max: 700 }),
  way: fc.constantFrom(...Object.keys(ways)),
  seed: fc.integer(),
  /** After how many batches each of the runs before the last is cut off. */
  cuts: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
  runners: fc.integer({ min: 1, max: 3 }),
  noise: fc.array(fc.nat(699), { maxLength: 12 }),
});

describe("with a name", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine(memory());
  });
  afterAll(() => engine.close());

  test("every record is changed exactly once, whatever fails, whoever else writes, however often it begins", async () => {
    const kinds = new Set<string>();
    await fc.assert(
      fc.asyncProperty(script, async ({ total: most, way, seed, cuts, runners, noise }) => {
        // Through an index each record is a read of its own, and every read may fail.
        const total = way.includes("index") ? Math.min(most, 60) : most;
        const work = ways[way] ?? expect.unreachable();
        const id = newTenantId();
        const calm = await open({ engine, entities: [Parcel] });
        await calm.tenants.provision({ name: "parcels", id });
        await fill(calm.tenant(id), total);
        const faults = faulty(engine, { seed, rates, delayMs: 2, onFault: ({ kind }) => kinds.add(kind) });
        const troubled = await open({ engine: faults, entities: [Parcel], random: impatient });
        const run = async (cut: number): Promise<WorkProgress | undefined> => {
          const stop = new AbortController();
          let batches = 0;
          const onProgress = (): void => {
            batches += 1;
            if (batches === cut) stop.abort();
          };
          try {
            return await work(troubled.tenant(id).repository(Parcel), {
              name: "work",
              signal: stop.signal,
              onProgress,
            });
          } catch (error) {
            if (isTenantryError(error, "TRANSACTION_ABORTED")) return undefined;
            throw error;
          }
        };
        const others = noise.map(async (at) => {
          const change = (parcel: Parcel): Parcel => ({ ...parcel, noise: parcel.noise + 1 });
          await troubled
            .tenant(id)
            .repository(Parcel)
            .update(at % total, change);
        });
        for (const cut of cuts) await run(cut);
        const ends = await Promise.all(Array.from({ length: runners }, () => run(Number.POSITIVE_INFINITY)));
        await Promise.all(others);
        await troubled.close();
        await faults.settled();
        const parcels = calm.tenant(id).repository(Parcel);
        const hits = (await parcels.list()).map((parcel) => parcel.hits);
        expect(hits).toEqual(Array.from({ length: total }, () => 1));
        expect(await parcels.verify()).toEqual([]);
        for (const end of ends) expect(end).toEqual({ examined: total, changed: total, done: true });
        await calm.close();
      }),
      {
        numRuns: runs(12),
        // One of several runners that loses to the others more often than a transaction is tried.
        examples: [
          [{ total: 513, way: "by id", seed: 0, cuts: [], runners: 3, noise: [0] }],
          [{ total: 444, way: "by id", seed: -8, cuts: [], runners: 3, noise: [] }],
          [{ total: 245, way: "by id", seed: -14, cuts: [], runners: 3, noise: [0, 1] }],
        ],
      },
    );
    expect(kinds.size).toBeGreaterThan(4);
  });
});

describe("without a name", () => {
  test("every record is changed exactly once all the same, as long as the process lives", async () => {
    const engine = await openEngine(memory());
    for (let seed = 1; seed <= runs(3); seed++) {
      const id = newTenantId();
      const faults = faulty(engine, { seed, rates, delayMs: 2 });
      const calm = await open({ engine, entities: [Parcel] });
      await calm.tenants.provision({ name: "parcels", id });
      await fill(calm.tenant(id), 600);
      const db = await open({ engine: faults, entities: [Parcel], random: impatient });
      const parcels = db.tenant(id).repository(Parcel);
      expect(await parcels.transform({}, hit)).toEqual({ examined: 600, changed: 600, done: true });
      await db.close();
      await faults.settled();
      const after = calm.tenant(id).repository(Parcel);
      expect(await after.count({ index: "byHits", equals: 1 })).toBe(600);
      await calm.close();
    }
    await engine.close();
  });
});

describe("a process that is killed", () => {
  const child = fileURLToPath(new URL("work-child.ts", import.meta.url));
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "tenantry-work-"));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  test("leaves its work where another finds it: no record changed twice, none left out", async () => {
    const total = 2_000;
    const path = join(directory, "store");
    const id = newTenantId();
    const db = await open({ engine: embedded(path), entities: [Parcel] });
    await db.tenants.provision({ name: "parcels", id });
    await fill(db.tenant(id), total);
    await db.close();
    const examined: number[] = [];
    // Each is killed a little after one of its batches, in the middle of the next.
    for (let life = 1; life <= runs(2); life++) {
      const worker = spawn(process.execPath, ["--import", "tsx", child, path, id], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const lines = createInterface({ input: worker.stdout });
      lines.on("line", (line) => {
        examined.push(Number(line));
        setTimeout(() => worker.kill("SIGKILL"), life % 5);
      });
      await once(worker, "exit");
    }
    expect(examined.length).toBeGreaterThan(0);
    const after = await open({ engine: embedded(path), entities: [Parcel] });
    const parcels = after.tenant(parseTenantId(id)).repository(Parcel);
    // What was told was committed.
    expect(await parcels.count({ index: "byHits", equals: 1 })).toBeGreaterThanOrEqual(Math.max(...examined));
    expect(await parcels.transform({}, hit, { name: "work", version: "1" })).toEqual({
      examined: total,
      changed: total,
      done: true,
    });
    expect(await parcels.count({ index: "byHits", equals: 1 })).toBe(total);
    expect(await parcels.verify()).toEqual([]);
    await after.close();
  });
});
