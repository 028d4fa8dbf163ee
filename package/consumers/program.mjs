/** A user's program: every entry point of the package, on the engine that needs nothing but the process. */
import { ok, strictEqual } from "node:assert/strict";
import { EngineError, entity, isTenantryError, memory, open, TenantryError, tuple } from "tenantry";
import { roles } from "tenantry/access";
import * as engine from "tenantry/engine";
import { tenantFetch } from "tenantry/http";
import { isolationCases } from "tenantry/testing";
import { z } from "zod";

const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
const db = await open({ engine: memory(), entities: [City] });
const cities = db.tenant((await db.tenants.provision({ name: "France" })).id).repository(City);
await cities.create({ id: 1, name: "Paris" });
strictEqual((await cities.require(1)).name, "Paris");

const error = await cities.create({ id: 1, name: "Lyon" }).catch((reason) => reason);
ok(error instanceof TenantryError && isTenantryError(error, "RECORD_EXISTS"));
strictEqual(error.name, "TenantryError");
const misuse = await open({ engine: memory(), entities: [City, City] }).catch((reason) => reason);
ok(misuse instanceof TypeError && isTenantryError(misuse, "DATABASE_OPTION_INVALID"));
strictEqual(tuple.pack(["city", 1]).length, 8);
await db.close();

// One class for all entry points.
strictEqual(engine.EngineError, EngineError);
strictEqual(new EngineError(1020).name, "EngineError");
const opened = await engine.openEngine(engine.memory());
const conflict = await opened
  .begin()
  .onError(new EngineError(2000))
  .catch((reason) => reason);
ok(conflict instanceof TenantryError);
await opened.close();

strictEqual(typeof roles, "function");
strictEqual(typeof tenantFetch, "function");
ok(isolationCases({ entities: [City], runs: 1 }).length > 3);
console.log("as written");
