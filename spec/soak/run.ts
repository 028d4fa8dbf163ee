/** One run of a soak: its specs under Vitest, and what came of them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startVitest } from "vitest/node";
import type { Soak } from "./soaks.js";

/** What came of it. */
export interface SoakResult {
  readonly passed: number;
  readonly failed: number;
  readonly tried: number;
  readonly seconds: number;
}

/** @throws when no test ran at all: a name or a folder is another by now. */
export async function runSoak(soak: Soak, runs: number, seed: number): Promise<SoakResult> {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-soak-"));
  const counts = join(folder, "counts");
  writeFileSync(counts, "");
  const env = { TENANTRY_RUNS: String(runs), TENANTRY_SEED: String(seed), TENANTRY_SOAK_COUNTS: counts };
  const begun = performance.now();
  const vitest = await startVitest("test", [...soak.specs], {
    config: "spec/soak/vitest.config.ts",
    run: true,
    watch: false,
    env,
    ...(soak.tests === undefined ? {} : { testNamePattern: soak.tests }),
  });
  try {
    const modules = vitest.state.getTestModules();
    const states = modules.flatMap(({ children }) => [...children.allTests()].map((test) => test.result().state));
    const passed = states.filter((state) => state === "passed").length;
    const failed = states.filter((state) => state === "failed").length;
    // What fails outside a test fails the soak as well.
    const broken =
      modules.filter((module) => module.errors().length > 0).length + vitest.state.getUnhandledErrors().length;
    if (passed + failed + broken === 0) throw new Error("No test ran.");
    const tried = readFileSync(counts, "utf8")
      .split("\n")
      .reduce((sum, line) => sum + Number(line), 0);
    return { passed, failed: failed + broken, tried, seconds: Math.round((performance.now() - begun) / 1000) };
  } finally {
    await vitest.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
