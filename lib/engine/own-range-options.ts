/** The options that a range read is given itself: what every object has got from elsewhere counts for nothing. */
import { own } from "../intrinsics/index.js";
import type { RangeOptions } from "./engine.js";

/** All of them, so that whoever reads one finds it, or undefined, there. */
export const ownRangeOptions = (options: RangeOptions = {}): RangeOptions => ({
  limit: own(options, "limit"),
  reverse: own(options, "reverse"),
  snapshot: own(options, "snapshot"),
  mode: own(options, "mode"),
  targetBytes: own(options, "targetBytes"),
  iteration: own(options, "iteration"),
});
