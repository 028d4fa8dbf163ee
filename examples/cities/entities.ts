/** The two kinds of records of the demo: the cities of a country, and a tally of the country itself. */
import { entity, type Infer } from "tenantry";
import { z } from "zod";

export const City = entity("city", {
  version: 1,
  schema: z.object({
    id: z.int(),
    name: z.string(),
    kind: z.string(),
    region: z.string().optional(),
    population: z.int(),
    at: z.object({ lat: z.number(), lon: z.number() }),
  }),
  id: ["id"],
  indexes: {
    byPopulation: { fields: ["population"] },
    byName: { fields: ["name", "population"] },
  },
});

export const Tally = entity("tally", {
  version: 1,
  schema: z.object({ country: z.string(), cities: z.int(), people: z.int() }),
  id: ["country"],
});

export type City = Infer<typeof City>;
