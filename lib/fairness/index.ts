/** Fairness: one tenant's flood does not keep the others waiting. */
export { type FairnessOptions, FairShare } from "./fair-share.js";
