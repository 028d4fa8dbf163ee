/** The histories recorded from a real cluster, replayed through the FoundationDB adapter. */
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { openFoundationDb } from "../../../lib/engine/foundationdb/engine.js";
import { arrayEngine } from "../array-engine.js";
import { loadHistories, replayAll } from "../replay.js";
import { testOnDisposableCluster } from "./cluster.js";
import { nativeDouble } from "./native-double.js";

const folder = new URL("../../fixtures/fdb-traces/", import.meta.url);
const histories = readdirSync(folder)
  .filter((name) => name.endsWith(".jsonl"))
  .flatMap((name) => loadHistories(new URL(name, folder)));

test("the recorded histories replay through the adapter, over a stand-in for the client", async () => {
  const engines = await Promise.all(
    Array.from({ length: 16 }, () => openFoundationDb({}, async () => nativeDouble({ engine: arrayEngine() }))),
  );
  expect(await replayAll(engines, histories)).toEqual([]);
  await Promise.all(engines.map((engine) => engine.close()));
});

// Each history begins with an empty cluster, and is cleared when it has ended.
testOnDisposableCluster("the recorded histories replay on a cluster of their own", async (engine) => {
  expect(await replayAll([engine], histories)).toEqual([]);
});
