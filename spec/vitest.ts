/** What every run of the specs shares: the entry points as source, and how long a spec may take. */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(`../lib/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^tenantry$/, replacement: source("index.ts") },
      { find: /^tenantry\/access$/, replacement: source("access/index.ts") },
      { find: /^tenantry\/engine$/, replacement: source("engine/index.ts") },
      { find: /^tenantry\/http$/, replacement: source("http/index.ts") },
      { find: /^tenantry\/testing$/, replacement: source("testing/index.ts") },
    ],
  },
  test: {
    pool: "forks",
    // Vitest would leave a core free; on two cores that is half of them.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Against what hangs: on a machine that has ten times as much to do, everything takes ten times as long.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 120_000 } },
  },
});
