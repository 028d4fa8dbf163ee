/** A process that scans a store once and says how much more anonymous memory it had at most. */
import { readFileSync } from "node:fs";
import { candidates } from "../stores/kinds.js";

export interface ScanMemory {
  readonly growthMiB: number;
}

/** Rows between two looks at the memory. */
const rowsPerLook = 5_000;

/** Anonymous resident memory in MiB: what the process allocated, without the pages of the store's file. */
function anonymousMiB(): number {
  const status = readFileSync("/proc/self/status", "utf8");
  const found = /^RssAnon:\s+(\d+) kB$/m.exec(status);
  if (found === null) throw new Error("This system does not tell a process's anonymous memory.");
  return Number(found[1]) / 1_024;
}

async function main([name, folder = "", people]: readonly string[]): Promise<void> {
  const { present } = candidates(process.env["TENANTRY_FDB_CLUSTER_FILE"]);
  const kind = present.find((candidate) => candidate.name === name);
  if (kind === undefined) throw new Error("No such candidate.");
  const store = await kind.open(folder);
  await store.get?.([0], () => {});
  const before = anonymousMiB();
  let peak = before;
  let rows = 0;
  await store.scan?.(() => {
    rows += 1;
    if (rows % rowsPerLook === 0) peak = Math.max(peak, anonymousMiB());
  });
  if (rows !== Number(people)) throw new Error(`Expected ${people} rows, got ${rows}.`);
  await store.close();
  const message: ScanMemory = { growthMiB: peak - before };
  process.send?.(message, () => process.disconnect());
}

void main(process.argv.slice(2));
