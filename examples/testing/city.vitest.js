/** With Vitest, without its globals. */
import { isolationLaws, sandbox } from "tenantry/testing";
import { afterAll, afterEach, expect, test } from "vitest";
import { City, grow } from "./city.js";

const box = sandbox({ entities: [City], afterEach, afterAll });

test("a city grows", async () => {
  const tenant = await box.tenant();
  await tenant.repository(City).create({ id: 1, name: "Paris", population: 2 });
  expect(await grow(tenant, 1, 3)).toMatchObject({ population: 5 });
});

test("each test begins with nothing", async () => {
  const tenant = await box.tenant();
  expect(await tenant.repository(City).count()).toBe(0);
});

isolationLaws({ entities: [City], test, runs: 20 });
