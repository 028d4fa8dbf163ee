/** Aggregates: counts and sums of records, kept as they are written, counted anew, read and verified. */

export { Additions } from "./additions.js";
export { AggregateCount, type CountStep, type UncountedRecord } from "./count.js";
export { countPlaceOf } from "./count-place.js";
export {
  addAmounts,
  type CheckedAmounts,
  type CounterDefect,
  checkAmounts,
  counterKey,
  countersRange,
  readCounters,
  verifyCounters,
} from "./counters.js";
export { type Group, type GroupsRequest, planGroup, planGroups, readGroup, readGroups } from "./read.js";
export { type AggregateDefect, Tally } from "./tally.js";
