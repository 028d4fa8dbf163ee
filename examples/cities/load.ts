/** Loads every country into a tenant of its own. */
import type { Database, TenantId } from "tenantry";
import type { Country } from "./dataset.js";
import { City, Tally } from "./entities.js";

/** Cities a transaction creates; with two indexes each, about 0.5 MB. */
const batchCities = 500;

/** Transactions under way at once, so that they share flushes. */
const concurrency = 8;

export type Tenants = ReadonlyMap<string, TenantId>;

/** Provisions a tenant per country and creates its cities; reports rows as they are committed. */
export async function load(
  db: Database,
  countries: readonly Country[],
  onRows: (rows: number, tenants: number) => void,
): Promise<Tenants> {
  const tenants = new Map<string, TenantId>();

  async function* batches(): AsyncGenerator<() => Promise<void>> {
    for (const country of countries) {
      const { id } = await db.tenants.provision({ name: country.name });
      tenants.set(country.code, id);
      const tenant = db.tenant(id);
      const people = country.cities.reduce((sum, city) => sum + city.population, 0);
      await tenant.repository(Tally).create({ country: country.code, cities: country.cities.length, people });
      const cities = tenant.repository(City);
      for (let from = 0; from < country.cities.length; from += batchCities) {
        const batch = country.cities.slice(from, from + batchCities);
        yield async () => {
          await cities.createMany(batch);
          onRows(batch.length, tenants.size);
        };
      }
    }
  }

  const work = batches();
  const worker = async (): Promise<void> => {
    for await (const batch of work) await batch();
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return tenants;
}
