/** What does a page of a hundred records cost, from a random start and through a cursor? */
import { wholeNumbers } from "../people/random.js";
import { type Bench, type Question, Tally } from "../runner/bench.js";
import type { Candidate } from "../runner/comparison.js";
import { perSecond } from "../runner/stopwatch.js";
import { tenantryOf } from "./subject.js";

const size = 100;

/** Pages from random starts, each with a hundred people to come. */
function starts(bench: Bench, people: number, round: number): number[] {
  return wholeNumbers(Math.ceil(bench.scale.reads / size), people - size, round);
}

export const page: Question = {
  name: "page",
  title: "100-row page at a random start",
  async ask(bench) {
    const { people } = bench.scale;
    const own = await tenantryOf(bench, people);
    const bare: Candidate = {
      name: "tenantry-list",
      measure: (round) =>
        perSecond(async () => {
          const from = starts(bench, people, round);
          const tally = new Tally();
          await own.pagesBare?.(from, size, tally.visit);
          return tally.expect(from.length * size) / size;
        }),
    };
    await bench.compareStores(
      "page",
      "ops/s",
      people,
      async (store, round) => {
        const from = starts(bench, people, round);
        const tally = new Tally();
        await store.pages?.(from, size, tally.visit);
        return tally.expect(from.length * size) / size;
      },
      { more: [bare] },
    );
  },
};

export const pageCursor: Question = {
  name: "page-cursor",
  title: "100-row page through a sealed cursor, against going on from the last key",
  async ask(bench) {
    const { people, reads } = bench.scale;
    const pages = Math.min(Math.ceil(reads / size), Math.floor(people / size) - 1);
    await bench.compareStores(
      "page-cursor",
      "ops/s",
      people,
      async (store) => {
        const tally = new Tally();
        await store.walk?.(pages, size, tally.visit);
        return tally.expect(pages * size) / size;
      },
      { can: ({ store }) => store.walk !== undefined },
    );
  },
};
