/** Set-up of a soak in each of its workers: chance begins with the soak's seed, and what properties tried is counted. */
import { appendFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll } from "vitest";

const seed = Number(process.env["TENANTRY_SEED"]);
const counts = process.env["TENANTRY_SOAK_COUNTS"];
let tried = 0;

function report(details: fc.RunDetails<unknown>): void {
  tried += details.numRuns;
  if (details.failed) throw new Error(fc.defaultReportMessage(details), { cause: details.errorInstance });
}

fc.configureGlobal({ seed, reporter: report });

afterAll(() => {
  if (counts !== undefined) appendFileSync(counts, `${tried}\n`);
  tried = 0;
});
