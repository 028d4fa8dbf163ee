/** What does a point get cost, alone and 64 at once, at random ids? */
import { wholeNumbers } from "../people/random.js";
import { type Question, Tally } from "../runner/bench.js";
import { chunks } from "../stores/store.js";

export const get: Question = {
  name: "get",
  title: "Point get, one after another, random ids",
  async ask(bench) {
    const { peopleLarge, reads } = bench.scale;
    await bench.compareStores("get", "ops/s", peopleLarge, async (store, round) => {
      const tally = new Tally();
      await store.get?.(wholeNumbers(reads, peopleLarge, round), tally.visit);
      return tally.expect(reads);
    });
  },
};

export const getTogether: Question = {
  name: "get-64",
  title: "Point gets, 64 at once, random ids",
  async ask(bench) {
    const { peopleLarge, reads } = bench.scale;
    await bench.compareStores("get-64", "ops/s", peopleLarge, async (store, round) => {
      const tally = new Tally();
      for (const ids of chunks(wholeNumbers(reads, peopleLarge, round), 64)) {
        await store.getTogether?.(ids, tally.visit);
      }
      return tally.expect(reads);
    });
  },
};
