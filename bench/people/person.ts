/** The record that every benchmark stores: ten mixed fields, about 200 bytes as plain MessagePack. */
import { entity } from "tenantry";
import { z } from "zod";

export const countries = ["BR", "DE", "FR", "IN", "JP", "KE", "MX", "PL", "TR", "US"] as const;

const schema = z.object({
  id: z.int(),
  name: z.string(),
  email: z.string(),
  city: z.string(),
  country: z.enum(countries),
  joinedAt: z.int(),
  balance: z.number(),
  visits: z.int(),
  active: z.boolean(),
  tags: z.array(z.string()),
});

/** The entity without an index, as the peers keep it. */
export const Person = entity("person", { version: 1, schema, id: ["id"] });

/** The same record under an index. */
export const Resident = entity("resident", {
  version: 1,
  schema,
  id: ["id"],
  indexes: { byCity: { fields: ["city", "joinedAt"] } },
});

export type Person = z.output<typeof schema>;

/** Validates a person: what `create` does before it stores one. */
export const parsePerson = (input: unknown): Person => schema.parse(input);
