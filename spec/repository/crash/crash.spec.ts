/**
 * Everything kept beside records agrees with them, and they with a map, after concurrent work, faults and kill -9.
 * Left out of the quick run.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { embedded, memory, openEngine } from "../../../lib/engine/index.js";
import { open } from "../../../lib/open.js";
import { newTenantId } from "../../../lib/tenant/index.js";
import type { Tenant } from "../../../lib/tenant-handle.js";
import { faulty } from "../../../lib/testing/index.js";
import { runs } from "../../runs.js";
import { impatient, rates } from "../fault-mix.js";
import { groupsOf, lane, outcomeOf, type Shelf, Stock } from "./stock.js";

/** What a tenant has, having seen that all that is kept beside it agrees. */
async function agreed(tenant: Tenant): Promise<Shelf> {
  const stock = tenant.repository(Stock);
  const items = await stock.list();
  expect(await stock.verify()).toEqual([]);
  const groups = groupsOf(items);
  expect(await stock.aggregate("all")).toBe(items.length);
  expect(await stock.groups("perGroup")).toEqual(groups.perGroup);
  expect(await stock.groups("living")).toEqual(groups.living);
  expect(await stock.groups("ranks")).toEqual(groups.ranks);
  expect(await stock.groups("tagged")).toEqual(groups.tagged);
  const codes = items.flatMap(({ code }) => code ?? []);
  expect(new Set(codes).size).toBe(codes.length);
  for (const index of ["plain", "code"] as const) {
    expect(await stock.count({ index })).toBe(items.length);
  }
  return new Map(items.map((item) => [item.id, item]));
}

/** The part of a shelf that is a lane's. */
const ofLane = (shelf: Shelf, number: number): Shelf =>
  new Map([...shelf].filter(([id]) => Math.floor(id / 100) === number));

describe("random concurrent operations", () => {
  test("on an engine that fails leave what a map has that followed what was answered", async () => {
    const engine = await openEngine(memory());
    const calm = await open({ engine, entities: [Stock] });
    const kinds = new Set<string>();
    for (let seed = 1; seed <= runs(6); seed++) {
      const { id } = await calm.tenants.provision({ name: "stock" });
      const faults = faulty(engine, { seed, rates, delayMs: 2, onFault: ({ kind }) => kinds.add(kind) });
      const troubled = await open({ engine: faults, entities: [Stock], random: impatient });
      const tenant = troubled.tenant(id);
      const lanes = await Promise.all(
        Array.from({ length: 6 }, async (_, number) => {
          const next = lane(number, seed);
          let shelf: Shelf = new Map();
          for (let n = 0; n < 12; n++) {
            const step = next();
            const expected = step.makes(shelf);
            const outcome = await outcomeOf(step.does(tenant));
            // Others may hold the values; everything else is the lane's own matter.
            if (outcome === "UNIQUE_VIOLATION") continue;
            expect(outcome === "done").toBe(expected !== undefined);
            shelf = expected ?? shelf;
          }
          return shelf;
        }),
      );
      await troubled.close();
      await faults.settled();
      const left = await agreed(calm.tenant(id));
      for (const [number, shelf] of lanes.entries()) {
        expect(isDeepStrictEqual(ofLane(left, number), new Map([...shelf].sort(([a], [b]) => a - b)))).toBe(true);
      }
    }
    expect(kinds.size).toBe(Object.keys(rates).length);
    await calm.close();
    await engine.close();
  });
});

describe("a process that is killed again and again", () => {
  const child = fileURLToPath(new URL("crash-child.ts", import.meta.url));
  const lanes = 6;
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "tenantry-crash-"));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  test("leaves what was answered and at most the step under way, whole or not at all", async () => {
    const path = join(directory, "store");
    const id = newTenantId();
    const first = await open({ engine: embedded(path), entities: [Stock] });
    await first.tenants.provision({ name: "stock", id });
    await first.close();
    let before: Shelf = new Map();
    for (let life = 1; life <= runs(2); life++) {
      const answers = Array.from({ length: lanes }, (): string[] => []);
      const worker = spawn(process.execPath, ["--import", "tsx", child, path, id, `${life}`, `${lanes}`], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const lines = createInterface({ input: worker.stdout });
      const ended = Promise.all([once(worker, "exit"), once(lines, "close")]);
      let count = 0;
      lines.on("line", (line) => {
        const [number = "", outcome = ""] = line.split(" ");
        answers[Number(number)]?.push(outcome);
        count += 1;
        if (count === 40 + 17 * (life % 7)) setTimeout(() => worker.kill("SIGKILL"), life % 5);
      });
      await ended;
      expect(count).toBeGreaterThan(0);

      const db = await open({ engine: embedded(path), entities: [Stock] });
      const after = await agreed(db.tenant(id));
      for (const [number, outcomes] of answers.entries()) {
        const next = lane(number, life);
        let shelf = ofLane(before, number);
        for (const outcome of outcomes) {
          const made = next().makes(shelf);
          if (outcome === "UNIQUE_VIOLATION") continue;
          expect(outcome === "done").toBe(made !== undefined);
          shelf = made ?? shelf;
        }
        const possible = [shelf, next().makes(shelf) ?? shelf].map(
          (each) => new Map([...each].sort(([a], [b]) => a - b)),
        );
        const there = ofLane(after, number);
        expect(possible.some((each) => isDeepStrictEqual(each, there))).toBe(true);
      }
      before = after;
      await db.close();
    }
  });
});
