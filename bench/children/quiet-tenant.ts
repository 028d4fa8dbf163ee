/** A process in which a quiet tenant works alone, or beside one that floods; it answers with the quiet one's latency. */
import { quantile } from "simple-statistics";
import { type Database, type FairnessOptions, open, type TenantRepository } from "tenantry";
import { person } from "../people/people.js";
import { Person, Resident } from "../people/person.js";
import { candidates } from "../stores/kinds.js";
import { type CrowdAnswer, type CrowdRequest, floodInFlight, quietRate } from "./crowd.js";

const peopleEach = 1_000;

type People = TenantRepository<typeof Person>;

interface Crowded {
  readonly db: Database;
  readonly quiet: People;
  readonly flood: People;
}

async function crowded(folder: string, fairness: FairnessOptions | undefined): Promise<Crowded> {
  const { places } = candidates(process.env["TENANTRY_FDB_CLUSTER_FILE"]);
  const db = await open({ ...places.at(folder), entities: [Person, Resident], fairness });
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
function flooding(people: People): { end(): Promise<unknown> } {
  let going = true;
  const worker = async (at: number): Promise<void> => {
    for (let number = at; going; number += floodInFlight) await request(people, number);
  };
  const workers = Array.from({ length: floodInFlight }, (_, at) => worker(at));
  return {
    end() {
      going = false;
      return Promise.all(workers);
    },
  };
}

/** The 99th percentile of the latencies of the quiet tenant's requests, each from the time it was due. */
async function quietLatency(people: People, lastingMs: number): Promise<CrowdAnswer> {
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
  return { p99: quantile(latencies, 0.99) };
}

async function main([fairFolder = "", freeFolder = "", lasting]: readonly string[]): Promise<void> {
  const lastingMs = Number(lasting);
  const fair = await crowded(fairFolder, {});
  const free = await crowded(freeFolder, undefined);
  const flooded = async ({ quiet, flood }: Crowded): Promise<CrowdAnswer> => {
    const { end } = flooding(flood);
    const answer = await quietLatency(quiet, lastingMs);
    await end();
    return answer;
  };
  const measures: Readonly<Record<CrowdRequest, () => Promise<CrowdAnswer>>> = {
    alone: () => quietLatency(fair.quiet, lastingMs),
    flooded: () => flooded(fair),
    "flooded-unfairly": () => flooded(free),
  };
  process.on("message", (asked: CrowdRequest) => void measures[asked]().then((answer) => process.send?.(answer)));
  process.on("disconnect", () => void Promise.all([fair.db.close(), free.db.close()]));
}

void main(process.argv.slice(2));
