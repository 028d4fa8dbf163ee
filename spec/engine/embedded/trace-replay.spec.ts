/** The histories recorded from a real cluster, replayed. */
import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { arrayEngine } from "../array-engine.js";
import { loadHistories, replayAll } from "../replay.js";

const folder = new URL("../../fixtures/fdb-traces/", import.meta.url);
const histories = readdirSync(folder)
  .filter((name) => name.endsWith(".jsonl"))
  .flatMap((name) => loadHistories(new URL(name, folder)));

describe("recorded histories", () => {
  test("there are 772 of them", () => {
    expect(histories.length).toBe(772);
  });

  test("the array engine agrees with the cluster", async () => {
    const differences = await replayAll(Array.from({ length: 16 }, arrayEngine), histories);
    expect(differences).toEqual([]);
  });
});
