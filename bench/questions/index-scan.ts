/** How fast is a scan through an index, with the records, with the fields it holds, and counting alone? */
import { cityOf, person, shuffledIds } from "../people/people.js";
import { Resident } from "../people/person.js";
import { type Question, subject, Tally } from "../runner/bench.js";
import type { Candidate } from "../runner/comparison.js";
import { perSecond } from "../runner/stopwatch.js";
import type { Place } from "../stores/places.js";
import type { Residents } from "../stores/residents.js";
import { chunks } from "../stores/store.js";
import { openPeople, tenantOf } from "../stores/tenantry.js";

const batchRecords = 1_000;
const cities = Array.from({ length: 100 }, (_, number) => cityOf(number));

async function tenantryResidents(place: Place): Promise<Residents> {
  const db = await openPeople(place);
  const residents = (await tenantOf(db)).repository(Resident);
  return {
    async load(people) {
      for (const chunk of chunks(people, batchRecords)) await residents.createMany(chunk);
    },
    async withRecords(city, visit) {
      for await (const found of residents.scan({ index: "byCity", equals: [city] })) visit(found);
    },
    count: (city) => residents.count({ index: "byCity", equals: [city] }),
    close: () => db.close(),
  };
}

export const indexScan: Question = {
  name: "index",
  title: "Scan through an index: with records, with the fields it holds, counting alone",
  async ask(bench) {
    const { byHand } = bench.candidates;
    const { scale, shelf } = bench;
    const people = shuffledIds(scale.people).map(person);
    const stores: Readonly<Record<string, Residents>> = {
      [subject]: await tenantryResidents(await shelf.sparePlace("residents-tenantry")),
      [byHand.name]: await byHand.openResidents(await shelf.spareStore(byHand, "residents-by-hand")),
    };
    const candidates = (work: (store: Residents) => Promise<number>): Candidate[] =>
      Object.entries(stores).map(([name, store]) => ({ name, measure: () => perSecond(() => work(store)) }));
    for (const store of Object.values(stores)) await store.load(people);
    await bench.compare({
      name: "index-records",
      unit: "rows/s",
      candidates: candidates(async ({ withRecords }) => {
        const tally = new Tally();
        for (const city of cities) await withRecords(city, tally.visit);
        return tally.expect(people.length);
      }),
    });
    await bench.compare({
      name: "index-alone",
      unit: "rows/s",
      candidates: candidates(async ({ count }) => {
        let found = 0;
        for (const city of cities) found += await count(city);
        if (found !== people.length) throw new Error("The index misses people.");
        return found;
      }),
    });
    for (const store of Object.values(stores)) await store.close();
  },
};
