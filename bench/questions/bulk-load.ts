/** How fast are many new records stored, in shuffled order, a thousand per durable transaction? */
import { person, shuffledIds } from "../people/people.js";
import type { Question } from "../runner/bench.js";
import { perSecond } from "../runner/stopwatch.js";

export const bulkLoad: Question = {
  name: "bulk-load",
  title: "Bulk load, shuffled, durable",
  async ask(bench) {
    const people = shuffledIds(bench.scale.peopleLoaded).map(person);
    await bench.compare({
      name: "bulk-load",
      unit: "rows/s",
      candidates: bench.candidates.present.map((kind) => ({
        name: kind.name,
        async measure() {
          const folder = await bench.shelf.spareStore(kind, `load-${kind.name}`);
          const store = await kind.open(folder);
          try {
            return await perSecond(async () => {
              await store.load(people);
              return people.length;
            });
          } finally {
            await store.close();
            await kind.clear(folder);
          }
        },
      })),
    });
  },
};
