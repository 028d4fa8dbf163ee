/**
 * Mutation testing, room by room: `npm run mutation` for all, `npm run mutation -- guard cursor` for some,
 * `-- --report` to write the page again from the last results. Writes docs/mutation.md.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { Stryker } from "@stryker-mutator/core";
import { page, parseMutants } from "./report.js";
import { rooms } from "./rooms.js";

const report = (room: string): string => `reports/mutation/${room}.json`;
const pagePath = "docs/mutation.md";

async function mutate(room: string): Promise<void> {
  const found = rooms[room];
  if (found === undefined) throw new Error(`no such room: ${room}; there are ${Object.keys(rooms).join(", ")}`);
  process.env["TENANTRY_MUTATED_SPECS"] = found.specs.join(",");
  if (found.runs === undefined) delete process.env["TENANTRY_RUNS"];
  else process.env["TENANTRY_RUNS"] = String(found.runs);
  const options: ConstructorParameters<typeof Stryker>[0] = {
    testRunner: "vitest",
    // Where plugins are found does not depend on how Node lays out its modules.
    plugins: ["@stryker-mutator/vitest-runner"],
    vitest: { configFile: "spec/mutation/vitest.config.ts", related: false },
    mutate: [...found.mutate, "!**/index.ts"],
    coverageAnalysis: "perTest",
    incremental: true,
    incrementalFile: `reports/mutation/${room}-incremental.json`,
    concurrency: Number(process.env["TENANTRY_MUTATION_CONCURRENCY"] ?? 2),
    timeoutMS: 10_000,
    // Its own rewriting of a tsconfig needs the compiler of TypeScript 5; the specs are not type-checked here.
    tsconfigFile: "none",
    ignorePatterns: [
      ".stryker-tmp",
      "bench",
      "dist",
      "docs",
      "examples",
      ".demo",
      "reports",
      "spec/fixtures",
      "spec/docs/.generated",
    ],
    reporters: ["json", "progress-append-only"],
    jsonReporter: { fileName: report(room) },
    tempDirName: `.stryker-tmp/${room}`,
    allowConsoleColors: false,
  };
  await new Stryker(options).runMutationTest();
}

const asked = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
if (!process.argv.includes("--report")) {
  for (const room of asked.length > 0 ? asked : Object.keys(rooms)) await mutate(room);
}
const results = Object.keys(rooms)
  .filter((room) => existsSync(report(room)))
  .map((room) => ({ room, mutants: parseMutants(readFileSync(report(room), "utf8")) }));
writeFileSync(pagePath, page(results, existsSync(pagePath) ? readFileSync(pagePath, "utf8") : ""));
