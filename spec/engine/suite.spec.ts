/** The shared engine suite on the engines that need nothing but this machine. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { embedded, memory, openEngine } from "../../lib/engine/index.js";
import { newTenantId } from "../../lib/tenant/index.js";
import { faulty, recording } from "../../lib/testing/index.js";
import { runEngineSuite } from "./suite.js";
import { tenantViewEngine, tenantViewLacking } from "./tenant-view.js";

const directory = mkdtempSync(join(tmpdir(), "tenantry-suite-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const empty = new Uint8Array();
const tenantId = newTenantId();

runEngineSuite("memory()", { open: () => openEngine(memory()), prefix: empty });

runEngineSuite("embedded()", { open: () => openEngine(embedded(join(directory, "store"))), prefix: empty });

runEngineSuite("embedded(), relaxed, beside other data", {
  open: () => openEngine(embedded({ path: join(directory, "relaxed"), durability: "relaxed" })),
  lacking: { wholeKeyspace: "other data is in it" },
});

runEngineSuite("the fault engine without faults", {
  open: async () => faulty(await openEngine(memory()), { seed: 1, rates: {} }),
  prefix: empty,
});

runEngineSuite("the recording engine", { open: async () => recording(await openEngine(memory())), prefix: empty });

runEngineSuite("a tenant's view", {
  open: async () => tenantViewEngine(await openEngine(memory()), tenantId),
  prefix: empty,
  lacking: tenantViewLacking,
});
