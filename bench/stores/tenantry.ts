/** The candidate: Tenantry, through its public API alone. */
import { type Database, open, type Tenant } from "tenantry";
import { Person, Resident } from "../people/person.js";
import { ownVersion } from "./installed.js";
import type { Place, Places } from "./places.js";
import { chunks, concurrently, type PeopleStore, type StoreKind } from "./store.js";

const batchRecords = 1_000;
const batchesAtOnce = 4;
const tenantName = "Benchmark";

/** The tenant of a store that is opened again, or a new one. */
export async function tenantOf(db: Database, name = tenantName): Promise<Tenant> {
  for await (const tenant of db.tenants.list()) if (tenant.name === name) return db.tenant(tenant.id);
  const { id } = await db.tenants.provision({ name });
  return db.tenant(id);
}

/** Opens a database with the benchmarks' entities. */
export const openPeople = (place: Place): Promise<Database> => open({ ...place, entities: [Person, Resident] });

/** The work of the benchmarks over one tenant. */
export function tenantryStore(tenant: Tenant, close: () => Promise<void>): PeopleStore {
  const people = tenant.repository(Person);
  return {
    async load(persons) {
      await concurrently(chunks(persons, batchRecords), batchesAtOnce, (batch) => people.createMany(batch));
    },
    async scan(visit) {
      for await (const person of people.scan()) visit(person);
    },
    async scanBatches(visit) {
      for await (const batch of people.scan().batches()) for (const person of batch) visit(person);
    },
    async pages(starts, size, visit) {
      for (const from of starts) for (const person of (await people.page({ from, size })).items) visit(person);
    },
    async pagesBare(starts, size, visit) {
      for (const from of starts) for (const person of await people.list({ from, limit: size })) visit(person);
    },
    async walk(pages, size, visit) {
      let cursor: string | undefined;
      for (let page = 0; page < pages; page++) {
        const { items, next } = await people.page({ size, cursor });
        for (const person of items) visit(person);
        cursor = next;
      }
    },
    async get(ids, visit) {
      for (const id of ids) visit(await people.require(id));
    },
    async getTogether(ids, visit) {
      for (const person of await people.getMany(ids)) if (person !== undefined) visit(person);
    },
    async visit(ids, concurrency) {
      await concurrently(ids, concurrency, (id) =>
        people.update(id, (person) => ({ ...person, visits: person.visits + 1 })),
      );
    },
    async create(persons, concurrency) {
      await concurrently(persons, concurrency, (person) => people.create(person));
    },
    async put(persons, concurrency) {
      await concurrently(persons, concurrency, (person) => people.put(person));
    },
    close,
  };
}

/** Tenantry, keeping its stores in such places; `on` names the package below it. */
export const tenantryAt = (places: Places, on: "lmdb" | "foundationdb"): StoreKind => ({
  name: "tenantry",
  transactional: true,
  version: () => ownVersion(on),
  async open(folder) {
    const db = await openPeople(places.at(folder));
    return tenantryStore(await tenantOf(db), () => db.close());
  },
  clear: (folder) => places.clear(folder),
});
