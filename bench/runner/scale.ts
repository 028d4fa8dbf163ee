/** How much a run measures: everything, or enough for a look. */
import type { Scale } from "./bench.js";

export const full: Scale = {
  quick: false,
  people: 100_000,
  peopleLarge: 1_000_000,
  rounds: 7,
  roundsPaired: 30,
  reads: 20_000,
  writes: 2_048,
  peopleLoaded: 20_000,
  recordsGrown: [10_000, 100_000, 1_000_000],
  tenantsGrown: [10, 1_000, 10_000],
  fairnessMs: 30_000,
};

/** Under a minute, all candidates and questions included. */
export const quick: Scale = {
  quick: true,
  people: 10_000,
  peopleLarge: 20_000,
  rounds: 5,
  roundsPaired: 8,
  reads: 2_000,
  writes: 256,
  peopleLoaded: 2_000,
  recordsGrown: [2_000, 20_000],
  tenantsGrown: [10, 200],
  fairnessMs: 300,
};
