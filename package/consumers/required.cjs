/** A CommonJS program: what is required is what is imported. */
const { strictEqual } = require("node:assert/strict");
const required = require("tenantry");

async function main() {
  const imported = await import("tenantry");
  strictEqual(required.TenantryError, imported.TenantryError);
  const db = await required.open({ engine: required.memory(), entities: [] });
  strictEqual((await db.health()).status, "ok");
  await db.close();
  console.log("as written");
}
main();
