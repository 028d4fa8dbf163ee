/** Aggregates: counts and sums of records, kept as they are written, read and verified. */

export { Additions } from "./additions.js";
export {
  addAmounts,
  assertAmounts,
  type CounterDefect,
  counterKey,
  countersRange,
  readCounters,
  verifyCounters,
} from "./counters.js";
export { type Group, type GroupsRequest, planGroup, planGroups, readGroup, readGroups } from "./read.js";
export { type AggregateDefect, Tally } from "./tally.js";
