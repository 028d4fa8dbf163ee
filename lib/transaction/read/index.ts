/** Reading in steps: the rows of a range, and reads side by side. */
export { type RowsOptions, rangeAfter, readRows, visitRows } from "./read-rows.js";
export { siblings } from "./siblings.js";
