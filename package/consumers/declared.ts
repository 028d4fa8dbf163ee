// A library of its own on top of the package: its declarations name the package's types.
import { type Database, entity } from "tenantry";
import { memory, openEngine } from "tenantry/engine";
import { sandbox } from "tenantry/testing";
import { z } from "zod";

export const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
export const citiesOf = (db: Database, id: Parameters<Database["tenant"]>[0]) => db.tenant(id).repository(City);
export const pageOf = async (db: Database, id: Parameters<Database["tenant"]>[0]) =>
  citiesOf(db, id).page({ size: 10 });
export const engine = () => openEngine(memory());
export const box = () => sandbox({ entities: [City] });
