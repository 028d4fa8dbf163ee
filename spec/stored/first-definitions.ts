/** Definitions as the first stores were written with, and the records in them; never changed, others come beside them. */
import { z } from "zod";
import { entity, type Infer } from "../../lib/schema/index.js";
import { parseTenantId } from "../../lib/tenant/index.js";

export const tenants = [
  parseTenantId("7b1985ce-4d2c-4f6a-9d0e-3f1f6a4f8f00"),
  parseTenantId("7b1985ce-4d2c-4f6a-9d0e-3f1f6a4f8f01"),
] as const;

export const City = entity("city", {
  version: 1,
  schema: z.object({
    id: z.int(),
    name: z.string(),
    mayor: z.string().optional(),
    at: z.object({ lat: z.number(), lon: z.number() }).nullable(),
    tags: z.array(z.string()).default([]),
    founded: z.date().optional(),
    people: z.bigint(),
    seal: z.instanceof(Uint8Array).optional(),
    seen: z
      .codec(z.string(), z.date(), { decode: (text) => new Date(text), encode: (date) => date.toISOString() })
      .optional(),
    extra: z.record(z.string(), z.json()).optional(),
  }),
  id: ["id"],
  indexes: {
    byName: { fields: ["name", "people"] },
    byMayor: { fields: ["mayor"], unique: true },
    byLatitude: { fields: [{ field: "at.lat", order: "descending" }], sparse: true },
    byTag: { fields: [{ each: "tags" }], stored: ["name", "seen"] },
    small: { fields: ["name"], where: (city) => city.people < 1_000n },
  },
});

/** Raised to its second version without a change of its layout, some records being of the first. */
const street = {
  schema: z.object({ city: z.int(), name: z.string(), width: z.number() }),
  id: ["city", "name"],
} as const;
export const StreetBefore = entity("street", { version: 1, ...street });
export const Street = entity("street", { version: 2, ...street });

export const cities: readonly Infer<typeof City>[] = [
  {
    id: 1,
    name: "Paris",
    mayor: "Anne",
    at: { lat: 48.85, lon: 2.35 },
    tags: ["capital", "river"],
    founded: new Date(-7_000_000_000_000),
    people: 2_138_551n,
    seal: Uint8Array.of(0, 255, 1),
    seen: new Date(1_700_000_000_123),
    extra: { twin: ["Rome"], height: 35.5 },
  },
  { id: -2, name: "Lützen\0", at: null, tags: [], people: 999n },
  { id: 300, name: "", mayor: "Ødegård", at: { lat: -0.5, lon: 0 }, tags: ["river", "\u{1f600}"], people: 0n },
];

export const streets: readonly Infer<typeof Street>[] = [
  { city: 1, name: "Rue de Rivoli", width: 22.5 },
  { city: 1, name: "Rue du Chat-qui-Pêche", width: 1.8 },
  { city: 300, name: "Ä", width: 1e300 },
];
