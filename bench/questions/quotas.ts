/** What do quotas cost 64 writers of one tenant: counting alone, and under hard limits? */
import { type Database, open, type QuotaPlan, type TenantRepository } from "tenantry";
import { person } from "../people/people.js";
import { Person, Resident } from "../people/person.js";
import type { Question } from "../runner/bench.js";
import { perSecond } from "../runner/stopwatch.js";
import type { Place } from "../stores/places.js";
import { concurrently } from "../stores/store.js";

const writersAtOnce = 64;

/** A limit on records, which is not reached. */
const oneLimit: QuotaPlan = { entities: { [Person.name]: { records: 1_000_000_000 } } };

/** Limits on all that a create increases; none is reached. */
const threeLimits: QuotaPlan = {
  storageBytes: 1_000_000_000_000,
  entities: { [Person.name]: { records: 1_000_000_000, bytes: 1_000_000_000_000 } },
};

interface Writers {
  readonly name: string;
  readonly db: Database;
  readonly people: TenantRepository<typeof Person>;
}

async function writers(name: string, place: Place, plan: QuotaPlan | undefined): Promise<Writers> {
  const quotas = plan === undefined ? undefined : { plans: { plan }, defaultPlan: "plan" };
  const db = await open({ ...place, entities: [Person, Resident], quotas });
  const { id } = await db.tenants.provision({ name });
  return { name, db, people: db.tenant(id).repository(Person) };
}

export const quotas: Question = {
  name: "quotas",
  title: `Durable creates of one tenant, ${writersAtOnce} at once, without quotas and with them`,
  async ask(bench) {
    const count = bench.scale.writes;
    const plans = {
      "without-quotas": undefined,
      counted: {},
      "hard-limit": oneLimit,
      "three-hard-limits": threeLimits,
    };
    const all = await Promise.all(
      Object.entries(plans).map(async ([name, plan]) =>
        writers(name, await bench.shelf.sparePlace(`quotas-${name}`), plan),
      ),
    );
    try {
      const { measured } = await bench.compare({
        name: "quotas",
        unit: "ops/s",
        candidates: all.map(({ name, people }) => ({
          name,
          measure: (round: number) => {
            const some = Array.from({ length: count }, (_, n) => person(round * count + n));
            return perSecond(async () => {
              await concurrently(some, writersAtOnce, (one) => people.create(one));
              return count;
            });
          },
        })),
      });
      const middle = (name: string): number => measured.find(({ candidate }) => candidate === name)?.median ?? 0;
      for (const name of ["counted", "hard-limit", "three-hard-limits"])
        bench.book(`quotas/${name}`, middle(name) / middle("without-quotas"));
    } finally {
      for (const { db } of all) await db.close();
    }
  },
};
