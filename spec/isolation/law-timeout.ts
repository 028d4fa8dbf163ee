/** Time that each law has: a soak has many runs. */
import { runs } from "../runs.js";

export const lawTimeoutMs = 600_000 + 1_000 * runs(0);
