/**
 * The histories recorded from a real cluster, replayed on every form of the embedded engine.
 * Left out of the quick run.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Engine, embedded, memory, openEngine } from "../../../lib/engine/index.js";
import { arrayEngine } from "../array-engine.js";
import { loadHistories, replayAll } from "../replay.js";

const folder = new URL("../../fixtures/fdb-traces/", import.meta.url);
const histories = readdirSync(folder)
  .filter((name) => name.endsWith(".jsonl"))
  .flatMap((name) => loadHistories(new URL(name, folder)));

const sideBySide = 16;

const differences = async (open: () => Promise<Engine>): Promise<unknown[]> => {
  const engines = await Promise.all(Array.from({ length: sideBySide }, open));
  try {
    return await replayAll(engines, histories);
  } finally {
    await Promise.all(engines.map((engine) => engine.close()));
  }
};

describe("the recorded histories", () => {
  test("are all there", () => {
    expect(histories.length).toBe(772);
  });

  test("replay on the array engine", async () => {
    expect(await differences(async () => arrayEngine())).toEqual([]);
  });

  test("replay on memory()", async () => {
    expect(await differences(() => openEngine(memory()))).toEqual([]);
  });

  test("replay on embedded()", async () => {
    const root = mkdtempSync(join(tmpdir(), "tenantry-traces-"));
    try {
      expect(await differences(() => openEngine(embedded(mkdtempSync(join(root, "store-")))))).toEqual([]);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  test("are noticed when an answer differs", async () => {
    const history = histories.find(({ steps }) => steps.some((step) => step.op === "get"));
    if (history === undefined) throw new Error("There is a history with a get.");
    const steps = history.steps.map((step) => (step.op === "get" ? { ...step, result: { value: "abcdef" } } : step));
    expect((await replayAll([arrayEngine()], [{ ...history, steps }])).length).toBe(1);
  });
});
