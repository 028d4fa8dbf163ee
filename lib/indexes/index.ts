/** Indexes: which range a query is, which entries a record has, and whether they agree. */
export { type BuildPlan, EntityBuild, type EntryRules, type IndexedRecord } from "./build.js";
export { entriesOf, expiryOfEntry, holderOf, type IndexEntry, type ReadEntry, readEntry } from "./entry.js";
export type { IndexDefect, WrongEntry } from "./entry-check.js";
export { type AddedEntry, type EntryChanges, entryChanges, type RecordVersions } from "./maintain.js";
export { isEmpty, keysFrom, maintainedIndexes } from "./maintained.js";
export { boundValues, planBounds, planRange, type RangePlan, type RangeQuery } from "./plan.js";
export { assertReadable, isAggregateReadable, readableAggregates, readableIndexes } from "./readable.js";
export { repairEntry, restoreEntries } from "./repair.js";
export {
  firstState,
  type Maintained,
  type MaintainedAggregate,
  type MaintainedIndex,
  ownAggregateState,
  ownState,
} from "./states.js";
export { type LackingRecord, verifyEntriesOf, verifyIndexes } from "./verify.js";
