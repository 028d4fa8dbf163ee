/** How long does a quiet tenant wait while another floods the process, with fairness and without? */
import { median, quantile } from "simple-statistics";
import { type Database, embedded, type FairnessOptions, open, type TenantRepository } from "tenantry";
import { person } from "../people/people.js";
import { Person, Resident } from "../people/person.js";
import { type Bench, type Question, subject } from "../runner/bench.js";

const peopleEach = 1_000;
/** Requests of the quiet tenant in a second, sent whether or not earlier ones are answered. */
const quietRate = 50;
const floodInFlight = 256;

type People = TenantRepository<typeof Person>;

interface Crowded {
  readonly db: Database;
  readonly quiet: People;
  readonly flood: People;
}

async function crowded(bench: Bench, name: string, fairness: FairnessOptions | undefined): Promise<Crowded> {
  const db = await open({ engine: embedded(bench.shelf.spare(name)), entities: [Person, Resident], fairness });
  const peopleOf = async (tenant: string): Promise<People> => {
    const { id } = await db.tenants.provision({ name: tenant });
    const people = db.tenant(id).repository(Person);
    await people.createMany(Array.from({ length: peopleEach }, (_, number) => person(number)));
    return people;
  };
  return { db, quiet: await peopleOf("Quiet"), flood: await peopleOf("Flood") };
}

/** A durable read-modify-write of one of the people. */
const request = (people: People, number: number): Promise<unknown> =>
  people.update(number % peopleEach, (one) => ({ ...one, visits: one.visits + 1 }));

/** Keeps `floodInFlight` requests under way until it is ended. */
function flooding(people: People): { end(): Promise<number> } {
  let going = true;
  let done = 0;
  const worker = async (at: number): Promise<void> => {
    for (let number = at; going; number += floodInFlight) {
      await request(people, number);
      done++;
    }
  };
  const workers = Array.from({ length: floodInFlight }, (_, at) => worker(at));
  return {
    async end() {
      going = false;
      await Promise.all(workers);
      return done;
    },
  };
}

/** The latencies of the quiet tenant's requests, each from the time it was due. */
async function quietLatencies(people: People, lastingMs: number): Promise<number[]> {
  const latencies: number[] = [];
  const under: Promise<void>[] = [];
  const begun = performance.now();
  const count = Math.ceil((lastingMs / 1_000) * quietRate);
  for (let number = 0; number < count; number++) {
    const due = begun + (number * 1_000) / quietRate;
    const early = due - performance.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    under.push(request(people, number).then(() => void latencies.push(performance.now() - due)));
  }
  await Promise.all(under);
  return latencies;
}

export const fairness: Question = {
  name: "fairness",
  title: `Latency of a quiet tenant (${quietRate} requests/s) beside a flood of ${floodInFlight} in flight: 99th percentile`,
  engines: ["embedded"],
  async ask(bench) {
    const { fairnessMs } = bench.scale;
    const fair = await crowded(bench, "fair", {});
    const free = await crowded(bench, "free", undefined);
    const alone = async ({ quiet }: Crowded): Promise<number> =>
      quantile(await quietLatencies(quiet, fairnessMs), 0.99);
    const flooded = async (place: Crowded): Promise<number> => {
      const flood = flooding(place.flood);
      const p99 = await alone(place);
      await flood.end();
      return p99;
    };
    try {
      const { measured } = await bench.compare({
        name: "fairness-p99",
        unit: "ms",
        rounds: 5,
        candidates: [
          { name: "alone", measure: () => alone(fair) },
          { name: subject, measure: () => flooded(fair) },
          { name: "without-fairness", measure: () => flooded(free) },
        ],
      });
      const p99 = (name: string): number =>
        median([...(measured.find(({ candidate }) => candidate === name)?.values ?? [])]);
      bench.book("fairness/p99", p99(subject) / p99("alone"));
      bench.book("fairness/p99-without", p99("without-fairness") / p99("alone"));
    } finally {
      await fair.db.close();
      await free.db.close();
    }
  },
};
