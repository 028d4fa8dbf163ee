// A CommonJS project under `module: node16`: types by name, the package by import().
import type { Database, OpenOptions } from "tenantry" with { "resolution-mode": "import" };

export async function openDatabase(options: OpenOptions): Promise<Database> {
  const { open } = await import("tenantry");
  return open(options);
}

async function main(): Promise<void> {
  const { memory, entity } = await import("tenantry");
  const { jwtAuthenticator } = await import("tenantry/access");
  const { openEngine } = await import("tenantry/engine");
  const { tenantFetch } = await import("tenantry/http");
  const { sandbox } = await import("tenantry/testing");
  const { z } = await import("zod");
  const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
  const db = await openDatabase({ engine: memory(), entities: [City] });
  const { id } = await db.tenants.provision({ name: "France" });
  const paris = await db.tenant(id).repository(City).create({ id: 1, name: "Paris" });
  const name: string = paris.name;
  // @ts-expect-error a typo
  paris.nmae;
  await db.close();
  if ([jwtAuthenticator, openEngine, tenantFetch, sandbox].every((entry) => typeof entry === "function")) {
    console.log(name === "Paris" ? "as written" : name);
  }
}
void main();
