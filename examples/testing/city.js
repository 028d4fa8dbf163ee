/** The entity that the examples test: plain JavaScript, so that every test runner takes it as it is. */
import { entity } from "tenantry";
import { z } from "zod";

export const City = entity("city", {
  version: 1,
  schema: z.object({ id: z.int(), name: z.string(), population: z.int().min(0) }),
  id: ["id"],
  indexes: { byPopulation: { fields: ["population"] } },
});

/** What the program does, and what is to be tested. */
export async function grow(tenant, id, by) {
  return tenant.repository(City).update(id, (city) => ({ ...city, population: city.population + by }));
}
