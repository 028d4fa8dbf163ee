/** The faults that repositories are tried under. */
import { type Random, systemRandom } from "../../lib/observe/index.js";
import type { FaultRates } from "../../lib/testing/index.js";

export const rates: FaultRates = {
  conflict: 0.1,
  unknownApplied: 0.1,
  unknownNotApplied: 0.1,
  unknownLate: 0.05,
  tooOld: 0.03,
  futureVersion: 0.02,
  processBehind: 0.02,
};

/** No jitter: retries wait as little as they may. */
export const impatient: Random = { fraction: () => 0, bytes: (length) => systemRandom.bytes(length) };
