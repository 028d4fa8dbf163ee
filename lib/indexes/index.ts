/** Indexes: which range a query is, which entries a record has, and whether they agree. */
export { type EntryChanges, entryChanges, entryId, entryKey, entryValue } from "./maintain.js";
export { planRange, type RangePlan, type RangeQuery } from "./plan.js";
export { type IndexDefect, verifyIndexes } from "./verify.js";
