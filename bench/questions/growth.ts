/** Does an operation cost more when there are more records, or more tenants? */
import { median } from "simple-statistics";
import type { Database, TenantId } from "tenantry";
import { person } from "../people/people.js";
import { Person } from "../people/person.js";
import { differentNumbers, wholeNumbers } from "../people/random.js";
import { type Bench, type Question, subject, Tally } from "../runner/bench.js";
import { type Outcome, pairedRatios } from "../runner/comparison.js";
import { milliseconds, perSecond } from "../runner/stopwatch.js";
import type { Place } from "../stores/places.js";
import { concurrently, type PeopleStore } from "../stores/store.js";
import { openPeople } from "../stores/tenantry.js";
import { tenantryKind } from "./subject.js";

type Work = (store: PeopleStore, people: number, round: number) => Promise<number>;

const at = (name: string, size: number): string => `${name}@${size}`;

/** How many times dearer an operation got from `small` to `large`, round by round. */
const growths = (outcome: Outcome, name: string, small: number, large: number): number[] =>
  pairedRatios(outcome, at(name, small), at(name, large));

export const recordsGrowth: Question = {
  name: "records",
  title: "Cost of an operation as records grow, with the same by hand beside it",
  async ask(bench) {
    const { reads, writes, recordsGrown } = bench.scale;
    const works: Readonly<Record<string, Work>> = {
      async get(store, people, round) {
        const tally = new Tally();
        await store.get?.(wholeNumbers(reads, people, round), tally.visit);
        return tally.expect(reads);
      },
      async update(store, people, round) {
        const ids = differentNumbers(writes, people, round);
        await store.visit?.(ids, 64);
        return ids.length;
      },
    };
    const { byHand } = bench.candidates;
    const kinds = [tenantryKind(bench), byHand];
    for (const [name, work] of Object.entries(works)) {
      const candidates = [];
      for (const people of recordsGrown) {
        for (const kind of kinds) {
          const { store } = await bench.shelf.take(kind, people, name === "update" ? "write" : "read");
          candidates.push({
            name: at(kind.name, people),
            measure: (round: number) => perSecond(() => work(store, people, round)),
          });
        }
      }
      const outcome = await bench.compare({ name: `records-${name}`, unit: "ops/s", candidates });
      const small = Math.min(...recordsGrown);
      const large = Math.max(...recordsGrown);
      const theirs = growths(outcome, byHand.name, small, large);
      const ours = growths(outcome, subject, small, large);
      bench.book(`records-${name}/growth-tenantry`, median(ours));
      bench.book(`records-${name}/growth-by-hand`, median(theirs));
      bench.book(`records-${name}/growth`, median(ours.map((own, round) => own / (theirs[round] ?? Number.NaN))));
    }
  },
};

/** A store in which people are spread evenly over tenants. */
interface Crowd {
  readonly tenants: number;
  readonly place: Place;
  readonly ids: readonly TenantId[];
  readonly db: Database;
}

async function crowd(bench: Bench, tenants: number): Promise<Crowd> {
  const { people } = bench.scale;
  const place = await bench.shelf.sparePlace(`tenants-${tenants}`);
  const db = await openPeople(place);
  const ids: TenantId[] = [];
  const each = Array.from({ length: people / tenants }, (_, id) => person(id));
  await concurrently(
    Array.from({ length: tenants }, (_, i) => `Tenant ${i}`),
    64,
    async (name) => {
      const { id } = await db.tenants.provision({ name });
      ids.push(id);
      for (let from = 0; from < each.length; from += 1_000) {
        await db
          .tenant(id)
          .repository(Person)
          .createMany(each.slice(from, from + 1_000));
      }
    },
  );
  return { tenants, place, ids, db };
}

/** A random person of a random tenant. */
function* strangers({ ids }: Crowd, people: number, count: number, round: number): Generator<[TenantId, number], void> {
  const tenants = wholeNumbers(count, ids.length, round);
  const numbers = wholeNumbers(count, people / ids.length, round + 1_000);
  for (const [i, tenant] of tenants.entries()) {
    const id = ids[tenant];
    if (id !== undefined) yield [id, numbers[i] ?? 0];
  }
}

export const tenantsGrowth: Question = {
  name: "tenants",
  title: "Cost of an operation as tenants grow, the records staying as many; and opening such a store",
  async ask(bench) {
    const { people, reads, writes, tenantsGrown } = bench.scale;
    const works: Readonly<Record<string, (crowd: Crowd, round: number) => Promise<number>>> = {
      async get(some, round) {
        for (const [tenant, id] of strangers(some, people, reads, round)) {
          await some.db.tenant(tenant).repository(Person).require(id);
        }
        return reads;
      },
      async update(some, round) {
        await concurrently([...strangers(some, people, writes, round)], 64, ([tenant, id]) =>
          some.db
            .tenant(tenant)
            .repository(Person)
            .update(id, (before) => ({ ...before, visits: before.visits + 1 })),
        );
        return writes;
      },
    };
    const crowds: Crowd[] = [];
    for (const tenants of tenantsGrown) crowds.push(await crowd(bench, tenants));
    for (const [name, work] of Object.entries(works)) {
      const outcome = await bench.compare({
        name: `tenants-${name}`,
        unit: "ops/s",
        candidates: crowds.map((some) => ({
          name: at(subject, some.tenants),
          measure: (round) => perSecond(() => work(some, round)),
        })),
      });
      const growth = growths(outcome, subject, Math.min(...tenantsGrown), Math.max(...tenantsGrown));
      bench.book(`tenants-${name}/growth`, median(growth));
    }
    for (const { db } of crowds) await db.close();
    await bench.compare({
      name: "start-up",
      unit: "ms",
      candidates: crowds.map((some) => ({
        name: at(subject, some.tenants),
        measure: (round) =>
          milliseconds(async () => {
            const db = await openPeople(some.place);
            for (const [tenant, id] of strangers(some, people, 1, round)) {
              await db.tenant(tenant).repository(Person).require(id);
            }
            await db.close();
          }),
      })),
    });
  },
};
