/**
 * The benchmarks on a cluster, over a stand-in for its client: what one comparison loads is still there for the next. In
 * a process of its own, as the stand-in takes the place of the native module.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { questions } from "../../bench/questions/index.js";
import { Bench, type Scale } from "../../bench/runner/bench.js";
import { Progress } from "../../bench/runner/progress.js";
import { candidates } from "../../bench/stores/kinds.js";
import { Shelf } from "../../bench/stores/shelf.js";
import { memory, openEngine } from "../../lib/engine/index.js";
import { installDouble } from "../engine/foundationdb/installed-double.js";
import { nativeDouble } from "../engine/foundationdb/native-double.js";

const scale: Scale = {
  quick: true,
  people: 110,
  peopleLarge: 120,
  rounds: 1,
  roundsPaired: 2,
  reads: 100,
  writes: 16,
  peopleLoaded: 20,
  recordsGrown: [20, 40],
  tenantsGrown: [1, 2],
  fairnessMs: 1,
};

/** Asked in processes of their own, which the stand-in is not in. */
const askedApart = ["memory", "fairness"];

const folder = mkdtempSync(join(tmpdir(), "tenantry-bench-"));
const clusterFile = join(folder, "fdb.cluster");
writeFileSync(clusterFile, "stand:in@127.0.0.1:4500");
const cluster = await openEngine(memory());
installDouble(nativeDouble({ engine: cluster }));
afterAll(async () => {
  await cluster.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The first rows of the cluster. */
async function rows(limit: number): Promise<readonly string[]> {
  const at = (key: readonly number[]) => ({ key: Uint8Array.from(key), orEqual: false, offset: 1 });
  const { rows: found } = await cluster.begin().getRange(at([]), at([0xff]), { limit });
  return found.map(([key, value]) => `${Buffer.from(key).toString("latin1")} = ${Buffer.from(value).toString("hex")}`);
}

/** What somebody else keeps there, right before and behind what the benchmarks store, and under the usual root. */
const others = [
  "\x02tenantry\0others",
  "\x02tenantry bench",
  "\x02tenantry bencha",
  "tenantry-bench",
  "tenantry-bench\x01",
];

describe("on an engine that outlives each comparison", () => {
  const present = candidates(clusterFile);
  const shelf = new Shelf({ folder: join(folder, "stores"), places: present.places, onLoad: () => {} });
  const bench = new Bench({ scale, candidates: present, shelf, progress: new Progress() });
  const asked = questions.filter(({ name }) => !askedApart.includes(name));

  test("Tenantry and its peers are there", () => {
    expect(present.present.map(({ name }) => name)).toEqual(["tenantry", "foundationdb", "foundationdb-batches"]);
    expect(present.missing).toEqual([]);
  });

  test("others have rows", async () => {
    const transaction = cluster.begin();
    for (const key of others) transaction.set(Buffer.from(key, "latin1"), Uint8Array.of(1));
    await transaction.commit();
  });

  test.each(asked)("the question $name is asked and answered", async (question) => {
    const before = bench.outcomes.length;
    await question.ask(bench);
    const measured = bench.outcomes.slice(before);
    expect(measured.length).toBeGreaterThan(0);
    for (const outcome of measured) for (const { values } of outcome.measured) expect(values.length).toBeGreaterThan(0);
  });

  test("a run after one that was cut off loads anew", async () => {
    const [kind] = present.present;
    if (kind === undefined) throw new Error("No candidate.");
    const again = new Shelf({ folder: join(folder, "stores"), places: present.places, onLoad: () => {} });
    await shelf.putBack(kind, scale.people);
    const { store } = await again.take(kind, scale.people);
    let found = 0;
    await store.scan?.(() => {
      found += 1;
    });
    expect(found).toBe(scale.people);
    await again.putBack(kind, scale.people);
  });

  test("nothing is left when the shelf is closed but what others have", async () => {
    expect(await rows(100)).toHaveLength(100);
    await shelf.close();
    expect(await rows(100)).toEqual(others.toSorted().map((key) => `${key} = 01`));
  });
});
