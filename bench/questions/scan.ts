/** How fast do typed objects come out of a full scan? */
import { type Bench, type Question, Tally } from "../runner/bench.js";
import { perSecond } from "../runner/stopwatch.js";
import { tenantryOf } from "./subject.js";

async function scans(bench: Bench, name: string, people: number): Promise<void> {
  const own = await tenantryOf(bench, people);
  const batches = async (): Promise<number> => {
    const tally = new Tally();
    await own.scanBatches?.(tally.visit);
    return tally.expect(people);
  };
  await bench.compareStores(
    name,
    "rows/s",
    people,
    async (store) => {
      const tally = new Tally();
      await store.scan?.(tally.visit);
      return tally.expect(people);
    },
    { more: [{ name: "tenantry-batches", measure: () => perSecond(batches) }] },
  );
}

export const scan: Question = {
  name: "scan",
  title: "Full scan to typed objects",
  ask: (bench) => scans(bench, "scan", bench.scale.people),
};

export const scanLarge: Question = {
  name: "scan-large",
  title: "Full scan of many records to typed objects",
  ask: (bench) => scans(bench, "scan-large", bench.scale.peopleLarge),
};
