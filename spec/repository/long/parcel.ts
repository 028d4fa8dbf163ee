/** The entity that long work is tried on: what is done to a record is counted in it. */
import { z } from "zod";
import { entity, type Infer } from "../../../lib/schema/index.js";
import type { Tenant } from "../../../lib/tenant-handle.js";

export const Parcel = entity("parcel", {
  version: 1,
  schema: z.object({
    id: z.int(),
    /** How often long work has changed it. */
    hits: z.int().default(0),
    /** What others write meanwhile. */
    noise: z.int().default(0),
    state: z.string().default("open"),
    tags: z.array(z.string()).default([]),
    weight: z.string().default(""),
  }),
  id: ["id"],
  indexes: {
    byState: { fields: ["state"] },
    byHits: { fields: ["hits"] },
    byHitsDown: { fields: [{ field: "hits", order: "descending" }] },
    byTag: { fields: [{ each: "tags" }] },
    byNoise: { fields: ["noise", "id"], unique: true },
  },
});
export type Parcel = Infer<typeof Parcel>;

/** One more hit. */
export const hit = (parcel: Parcel): Parcel => ({ ...parcel, hits: parcel.hits + 1 });

/** Stores parcels 0 to `total` - 1. */
export async function fill(tenant: Tenant, total: number, more: (id: number) => Partial<Parcel> = () => ({})) {
  const parcels = tenant.repository(Parcel);
  for (let from = 0; from < total; from += 500) {
    const ids = Array.from({ length: Math.min(500, total - from) }, (_, at) => from + at);
    await parcels.putMany(ids.map((id) => ({ id, ...more(id) })));
  }
  return parcels;
}
