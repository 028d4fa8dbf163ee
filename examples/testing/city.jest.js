/** With Jest: its functions are globals, so that nothing has to be handed over. */
import { isolationLaws, sandbox } from "tenantry/testing";
import { City, grow } from "./city.js";

const box = sandbox({ entities: [City] });

test("a city grows", async () => {
  const tenant = await box.tenant();
  await tenant.repository(City).create({ id: 1, name: "Paris", population: 2 });
  expect(await grow(tenant, 1, 3)).toMatchObject({ population: 5 });
});

test("each test begins with nothing", async () => {
  const tenant = await box.tenant();
  expect(await tenant.repository(City).count()).toBe(0);
});

isolationLaws({ entities: [City], runs: 20 });
