/** Indexes: which range a query is, which entries a record has, and whether they agree. */
export { type BuildPlan, EntityBuild } from "./build.js";
export { entriesOf, expiryOfEntry, holderOf, type IndexEntry, type ReadEntry, readEntry } from "./entry.js";
export { type AddedEntry, type EntryChanges, entryChanges, type RecordVersions } from "./maintain.js";
export {
  assertReadable,
  firstState,
  isEmpty,
  type Maintained,
  type MaintainedIndex,
  maintainedIndexes,
  ownState,
  readableIndexes,
} from "./maintained.js";
export { planBounds, planRange, type RangePlan, type RangeQuery } from "./plan.js";
export { type IndexDefect, verifyEntriesOf, verifyIndexes } from "./verify.js";
