/** Candidates are compared fairly only when they do the same work: each store gives what a map of people would. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { person, shuffledIds } from "../../bench/people/people.js";
import type { Person } from "../../bench/people/person.js";
import { candidates } from "../../bench/stores/kinds.js";
import type { PeopleStore } from "../../bench/stores/store.js";

const folder = mkdtempSync(join(tmpdir(), "tenantry-bench-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const people = 1_200;
const everyone = Array.from({ length: people }, (_, id) => person(id));

async function read(work: (visit: (person: Person) => void) => Promise<void> | undefined): Promise<Person[]> {
  const found: Person[] = [];
  await work((each) => found.push(each));
  return found;
}

const visitsOf = async (store: PeopleStore, id: number): Promise<number | undefined> =>
  (await read((visit) => store.get?.([id], visit)))[0]?.visits;

const { present, missing } = candidates(undefined);

describe.each(present)("$name", (kind) => {
  test("loads, reads and writes as the others do", async () => {
    const store = await kind.open(join(folder, kind.name));
    try {
      await store.load(shuffledIds(people).map(person));
      expect(await read((visit) => store.scan?.(visit))).toEqual(everyone);
      expect(await read((visit) => store.pages?.([0, 700, 1_150], 100, visit))).toEqual([
        ...everyone.slice(0, 100),
        ...everyone.slice(700, 800),
        ...everyone.slice(1_150),
      ]);
      expect(await read((visit) => store.get?.([5, 1_199, 5], visit))).toEqual([5, 1_199, 5].map(person));
      const some = Array.from({ length: 64 }, (_, i) => (i * 37) % people);
      expect(await read((visit) => store.getTogether?.(some, visit))).toEqual(some.map(person));
      for (const optional of ["scanBatches", "walk"] as const) {
        if (store[optional] === undefined) continue;
        const found = await read((visit) =>
          optional === "walk" ? store.walk?.(12, 100, visit) : store.scanBatches?.(visit),
        );
        expect(found).toEqual(everyone);
      }

      await store.visit?.(kind.transactional ? new Array<number>(20).fill(7) : [7], 8);
      expect(await visitsOf(store, 7)).toBe(person(7).visits + (kind.transactional ? 20 : 1));
      await store.create?.([person(5_000), person(5_001)], 2);
      await store.put?.([{ ...person(5_001), visits: 0 }], 2);
      expect(await read((visit) => store.get?.([5_000, 5_001], visit))).toEqual([
        person(5_000),
        { ...person(5_001), visits: 0 },
      ]);
    } finally {
      await store.close();
    }
  });
});

test.skipIf(missing.length === 0)(`peers that are not installed are left out: ${missing.join(", ")}`, () => {
  expect(present.map(({ name }) => name)).toEqual(expect.arrayContaining(["tenantry", "lmdb-loop"]));
});
