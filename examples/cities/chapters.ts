/** The parts of the report after loading: each shows one promise of the library on the real data. */
import {
  type Database,
  isTenantryError,
  type Tenant,
  type TenantId,
  type TupleElement,
  tenantIdBytes,
  tuple,
  validateQuery,
} from "tenantry";
import { City, Tally } from "./entities.js";
import type { Tenants } from "./load.js";
import { chapter, number, passed, rate, say, seconds } from "./terminal.js";

/** The root tuple all keys of the database begin with. */
type Root = readonly TupleElement[];

const paris = 2988507;
const berlin = 2950159;

const timed = async <T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> => {
  const started = performance.now();
  const value = await work();
  return { value, ms: performance.now() - started };
};

const idOf = (tenants: Tenants, country: string): TenantId => {
  const id = tenants.get(country);
  if (id === undefined) throw new Error(`The data set has no cities of ${country}.`);
  return id;
};

async function typedRead(france: Tenant): Promise<void> {
  chapter("A typed read");
  const city = await france.repository(City).require(paris);
  say(`cities.require(${paris}) → ${city.name}, ${number(city.population)} people, at ${city.at.lat}, ${city.at.lon}`);
}

async function scan(states: Tenant): Promise<void> {
  chapter("A scan that ends where its tenant ends");
  const cities = states.repository(City);
  const runs: { rows: number; ms: number }[] = [];
  for (let run = 0; run < 5; run += 1) {
    const { value, ms } = await timed(async () => {
      let rows = 0;
      for await (const batch of cities.scan().batches()) rows += batch.length;
      return rows;
    });
    runs.push({ rows: value, ms });
  }
  const median = runs.sort((a, b) => a.ms - b.ms)[2];
  const tally = await states.repository(Tally).require("US");
  if (median === undefined || median.rows !== tally.cities) throw new Error("The scan left its tenant.");
  passed(`${number(median.rows)} typed cities of the United States, and no other's, in ${seconds(median.ms)}`);
  say(`${rate(median.rows, median.ms)}, the median of five`);
}

async function biggest(tenants: Tenants, db: Database): Promise<void> {
  chapter("The biggest cities of a country, through an index");
  for (const country of ["JP", "BR", "FR"]) {
    const found = await db
      .tenant(idOf(tenants, country))
      .repository(City)
      .list({ index: "byPopulation", reverse: true, limit: 5 });
    say(`${country}  ${found.map((city) => `${city.name} ${number(city.population)}`).join(" · ")}`);
  }
}

async function twoRepositories(france: Tenant): Promise<void> {
  chapter("Two repositories, one transaction");
  const newcomers = 1_000;
  const { city, tally } = await france.transact(async (tx) => {
    const cities = tx.repository(City);
    const tallies = tx.repository(Tally);
    return {
      city: await cities.update(paris, (was) => ({ ...was, population: was.population + newcomers })),
      tally: await tallies.update("FR", (was) => ({ ...was, people: was.people + newcomers })),
    };
  });
  passed(`${city.name} has ${number(city.population)} people and France ${number(tally.people)}: both, or neither`);
}

async function conflict(france: Tenant): Promise<void> {
  chapter("Two transactions in conflict");
  const { population: before } = await france.repository(City).require(paris);
  let runs = 0;
  let arrived = 0;
  let meet = (): void => {};
  const met = new Promise<void>((resolve) => {
    meet = resolve;
  });
  const grow = (by: number): Promise<void> =>
    france.transact(async (tx) => {
      runs += 1;
      const cities = tx.repository(City);
      const city = await cities.require(paris);
      arrived += 1;
      if (arrived === 2) meet();
      await met; // neither writes before both have read: one of them has to lose
      await cities.patch(paris, { population: city.population + by });
    });
  await Promise.all([grow(10), grow(20)]);
  const { population: after } = await france.repository(City).require(paris);
  if (after !== before + 30 || runs < 3)
    throw new Error(`An update was lost: ${before} became ${after} in ${runs} runs.`);
  passed(`+10 and +20 read the same Paris; one committed, the other ran again: ${number(before)} → ${number(after)}`);
}

async function isolation(france: Tenant, germany: Tenant, root: Root): Promise<void> {
  chapter("Reaching for another tenant's city");
  await germany.repository(City).require(berlin);
  const foreign = await france.repository(City).get(berlin);
  if (foreign !== undefined) throw new Error("France has read Berlin.");
  passed("France asks for Berlin's id: not there — the same answer, and the same reads, as for a city that never was");
  try {
    await france.repository(City).patch(berlin, { name: "Lutèce" });
    throw new Error("France has renamed Berlin.");
  } catch (error) {
    if (!isTenantryError(error, "RECORD_NOT_FOUND")) throw error;
    passed(`France renames it: ${error.code}`);
  }
  const raw = tuple.pack([...root, tuple.uuid(tenantIdBytes(germany.id)), City.name, berlin]);
  const [fault] = validateQuery(france.id, { key: raw }, { root });
  if (fault === undefined) throw new Error("Berlin's own key passed for one of France's.");
  passed(`The raw key of Berlin, ${raw.length} bytes, in a query of France's: refused, ${fault.reason}`);
}

/** Everything the report shows on an open database. */
export async function show(db: Database, tenants: Tenants, root: Root): Promise<void> {
  const france = db.tenant(idOf(tenants, "FR"));
  await typedRead(france);
  await scan(db.tenant(idOf(tenants, "US")));
  await biggest(tenants, db);
  await twoRepositories(france);
  await conflict(france);
  await isolation(france, db.tenant(idOf(tenants, "DE")), root);
}

/** Counts what a database holds: every tenant's tally against its cities. */
export async function recount(db: Database): Promise<{ tenants: number; cities: number }> {
  let tenants = 0;
  let cities = 0;
  for await (const { id } of db.tenants.list()) {
    const tenant = db.tenant(id);
    const [tally] = await tenant.repository(Tally).list({ limit: 1 });
    const found = await tenant.repository(City).count();
    if (found !== tally?.cities) throw new Error(`A tenant has ${found} cities instead of ${tally?.cities}.`);
    tenants += 1;
    cities += found;
  }
  return { tenants, cities };
}
