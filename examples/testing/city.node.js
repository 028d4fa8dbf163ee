/** With node:test. */
import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import { isolationLaws, sandbox } from "tenantry/testing";
import { City, grow } from "./city.js";

const box = sandbox({ entities: [City], afterEach, afterAll: after });

test("a city grows", async () => {
  const tenant = await box.tenant();
  await tenant.repository(City).create({ id: 1, name: "Paris", population: 2 });
  assert.equal((await grow(tenant, 1, 3)).population, 5);
});

test("each test begins with nothing", async () => {
  const tenant = await box.tenant();
  assert.equal(await tenant.repository(City).count(), 0);
});

isolationLaws({ entities: [City], test, runs: 20 });
