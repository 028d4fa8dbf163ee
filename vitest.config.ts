import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(`./lib/${path}`, import.meta.url));

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
    include: ["spec/**/*.spec.ts"],
    pool: "forks",
    // Vitest would leave a core free; on two cores that is half of them.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
