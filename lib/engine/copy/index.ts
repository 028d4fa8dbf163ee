/** Copying between engines. */
export type { CopyCheckpoint } from "./checkpoint.js";
export { type CopyOptions, type CopyProgress, type CopyResult, copy } from "./copy.js";
