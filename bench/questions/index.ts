/** All questions, in the order in which they are asked: reads before what changes their stores. */
import type { Question } from "../runner/bench.js";
import { bulkLoad } from "./bulk-load.js";
import { counters } from "./counters.js";
import { fairness } from "./fairness.js";
import { get, getTogether } from "./get.js";
import { recordsGrowth, tenantsGrowth } from "./growth.js";
import { indexScan } from "./index-scan.js";
import { commitLatency } from "./latency.js";
import { memory } from "./memory.js";
import { guard, hookCost, validation } from "./overhead.js";
import { page, pageCursor } from "./page.js";
import { quotas } from "./quotas.js";
import { scan, scanLarge } from "./scan.js";
import { writes } from "./write.js";

export const questions: readonly Question[] = [
  scan,
  scanLarge,
  indexScan,
  page,
  pageCursor,
  get,
  getTogether,
  memory,
  ...writes,
  commitLatency,
  counters,
  fairness,
  quotas,
  bulkLoad,
  recordsGrowth,
  tenantsGrowth,
  guard,
  hookCost,
  validation,
];
