/** How fast is a scan through an index, with the records, with the fields it holds, and counting alone? */
import { open } from "lmdb";
import { Packr, Unpackr } from "msgpackr";
import { embedded } from "tenantry";
import { cityOf, person, shuffledIds } from "../people/people.js";
import { type Person, Resident } from "../people/person.js";
import { type Bench, type Question, subject, Tally } from "../runner/bench.js";
import type { Candidate } from "../runner/comparison.js";
import { perSecond } from "../runner/stopwatch.js";
import { chunks } from "../stores/store.js";
import { openPeople, tenantOf } from "../stores/tenantry.js";

const batchRecords = 1_000;
const cities = Array.from({ length: 100 }, (_, number) => cityOf(number));

/** People of one city after another, in the order in which they joined. */
interface Residents {
  readonly name: string;
  withRecords(city: string, visit: (person: Person) => void): Promise<void>;
  /** How many there are, by the index alone. */
  count(city: string): Promise<number>;
  close(): Promise<void>;
}

async function tenantryResidents(bench: Bench, people: readonly Person[]): Promise<Residents> {
  const db = await openPeople(embedded(bench.shelf.spare("residents-tenantry")));
  const residents = (await tenantOf(db)).repository(Resident);
  for (const chunk of chunks(people, batchRecords)) await residents.createMany(chunk);
  return {
    name: subject,
    async withRecords(city, visit) {
      for await (const found of residents.scan({ index: "byCity", equals: [city] })) visit(found);
    },
    count: (city) => residents.count({ index: "byCity", equals: [city] }),
    close: () => db.close(),
  };
}

/** By hand on lmdb: a second table whose key is city, time and id, and whose value is empty. */
async function lmdbResidents(bench: Bench, people: readonly Person[]): Promise<Residents> {
  const packr = new Packr({ useRecords: false });
  const unpackr = new Unpackr({ useRecords: false });
  const root = open({ path: bench.shelf.spare("residents-lmdb"), noSubdir: false });
  const records = root.openDB<Buffer, Buffer>("records", { keyEncoding: "binary", encoding: "binary" });
  const byCity = root.openDB<Buffer, Buffer>("byCity", { keyEncoding: "binary", encoding: "binary" });
  const recordKey = (id: number): Buffer => {
    const key = Buffer.allocUnsafe(8);
    key.writeBigUInt64BE(BigInt(id));
    return key;
  };
  const range = (city: string): { start: Buffer; end: Buffer } => ({
    start: Buffer.from(`${city}\0`),
    end: Buffer.from(`${city}\u0001`),
  });
  const entryKey = ({ city, joinedAt, id }: Person): Buffer => {
    const numbers = Buffer.allocUnsafe(16);
    numbers.writeBigUInt64BE(BigInt(joinedAt));
    numbers.writeBigUInt64BE(BigInt(id), 8);
    return Buffer.concat([Buffer.from(`${city}\0`), numbers]);
  };
  const nothing = Buffer.alloc(0);
  for (const chunk of chunks(people, batchRecords)) {
    await root.transaction(() => {
      for (const each of chunk) {
        records.put(recordKey(each.id), packr.pack(each));
        byCity.put(entryKey(each), nothing);
      }
    });
  }
  return {
    name: "lmdb-loop",
    async withRecords(city, visit) {
      for (const key of byCity.getKeys(range(city))) {
        const value = records.get(key.subarray(key.length - 8));
        if (value !== undefined) visit(unpackr.unpack(value));
      }
    },
    async count(city) {
      let found = 0;
      for (const key of byCity.getKeys(range(city))) if (key.length > 0) found += 1;
      return found;
    },
    close: () => root.close(),
  };
}

export const indexScan: Question = {
  name: "index",
  title: "Scan through an index: with records, with the fields it holds, counting alone",
  engines: ["embedded"],
  async ask(bench) {
    const people = shuffledIds(bench.scale.people).map(person);
    const stores = [await tenantryResidents(bench, people), await lmdbResidents(bench, people)];
    const candidates = (work: (store: Residents) => Promise<number>): Candidate[] =>
      stores.map((store) => ({ name: store.name, measure: () => perSecond(() => work(store)) }));
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
    for (const store of stores) await store.close();
  },
};
