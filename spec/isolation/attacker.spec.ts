/** The attacker's actor: on its own, for long; `laws.spec` tries it in each run of all specs. */
import { describe, test } from "vitest";
import { isolationCases } from "../../lib/testing/index.js";
import { arrayEngine } from "../engine/array-engine.js";
import { runs } from "../runs.js";
import { shop } from "./shop.js";

const timeoutMs = 120_000 + 1_000 * runs(0);
describe("attacks", () => {
  for (const { name, run } of isolationCases({ entities: shop, engine: async () => arrayEngine(), runs: runs(10) })) {
    if (name.startsWith("assertAsGiven")) test(name, run, timeoutMs);
  }
});
