/** The isolation laws on every engine, over a shop's entities. Left out of the quick run. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, test } from "vitest";
import { openFoundationDb } from "../../lib/engine/foundationdb/engine.js";
import { type Engine, embedded, foundationdb, memory } from "../../lib/engine/index.js";
import { isolationLaws } from "../../lib/testing/index.js";
import { arrayEngine } from "../engine/array-engine.js";
import { describeOnCluster } from "../engine/foundationdb/cluster.js";
import { nativeDouble } from "../engine/foundationdb/native-double.js";
import { runs, soaks } from "../runs.js";
import { lawTimeoutMs as timeoutMs } from "./law-timeout.js";
import { shop } from "./shop.js";

const folder = mkdtempSync(join(tmpdir(), "tenantry-laws-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("on memory()", () => {
  isolationLaws({ entities: shop, test, timeoutMs, engine: memory(), runs: runs(20) });
});

describe("on embedded()", () => {
  // A soak would wait for the disk more than it tries.
  const engine = embedded({ path: join(folder, "store"), durability: soaks ? "relaxed" : "durable" });
  isolationLaws({ entities: shop, test, timeoutMs, engine, runs: runs(15) });
});

/** The adapter over a stand-in whose batches end early, in the middle of what the laws write. */
async function double(): Promise<Engine> {
  const store = arrayEngine();
  const edges = [0x40, 0x80, 0xc0].map((at) =>
    Buffer.concat([Buffer.from("\x02tenantry laws\0\x01", "latin1"), Buffer.of(at)]),
  );
  return openFoundationDb({}, async () => nativeDouble({ engine: store, shardEdges: edges }));
}

describe("on foundationdb() over a stand-in of its client", () => {
  isolationLaws({ entities: shop, test, timeoutMs, engine: double, runs: runs(30) });
});

// Each law keeps to a random root.
describeOnCluster("on foundationdb()", (clusterFile) => {
  isolationLaws({ entities: shop, test, timeoutMs, engine: foundationdb({ clusterFile }), runs: runs(20) });
});
