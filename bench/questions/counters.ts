/** What is left when 64 transactions at a time all change one record? */
import { type Question, Tally } from "../runner/bench.js";

export const counters: Question = {
  name: "counters",
  title: "Read-modify-writes of one record, 64 transactions at once",
  async ask(bench) {
    const { people, writes } = bench.scale;
    const count = Math.ceil(writes / 4);
    const counter = 1;
    await bench.compareStores(
      "counters",
      "ops/s",
      people,
      async (store) => {
        const before = new Tally();
        await store.get?.([counter], before.visit);
        await store.visit?.(new Array<number>(count).fill(counter), 64);
        const after = new Tally();
        await store.get?.([counter], after.visit);
        if (after.visits - before.visits !== count) throw new Error("A counter lost updates.");
        return count;
      },
      { purpose: "write", can: ({ kind }) => kind.transactional },
    );
  },
};
