/**
 * Quotas through kill -9: a process dies amid its writes, and the counters are what the records say.
 * Left out of the quick run.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { embedded, newTenantId, open } from "../../lib/index.js";
import { runs } from "../runs.js";
import { killPlans, limits, Note } from "./kill-stage.js";
import { usedOf } from "./stage.js";

const script = fileURLToPath(new URL("kill-child.ts", import.meta.url));

test("counters of a process that is killed amid its writes equal a recount, and limits hold", async () => {
  const path = mkdtempSync(join(tmpdir(), "tenantry-quota-kill-"));
  const id = newTenantId();
  const first = await open({ engine: embedded(path), entities: [Note], quotas: killPlans });
  await first.tenants.provision({ name: "Acme", id });
  await first.close();
  for (let round = 0; round < Math.ceil(runs(100) / 100); round++) {
    const child = spawn(process.execPath, ["--import", "tsx", script, path, id], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "exit");
    await Promise.race([once(child.stdout, "data"), ended]);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 80));
    child.kill("SIGKILL");
    expect((await ended)[1]).toBe("SIGKILL");
    const db = await open({ engine: embedded(path), entities: [Note], quotas: killPlans });
    const found = await db.quotas.recount(id, { repair: false });
    expect(found.filter(({ drift }) => drift !== 0)).toEqual([]);
    const report = await db.quotas.usage(id);
    expect(usedOf(report, "records:note")).toBe(await db.tenant(id).repository(Note).count());
    for (const [resource, limit] of Object.entries(limits)) expect(usedOf(report, resource)).toBeLessThanOrEqual(limit);
    await db.close();
  }
  rmSync(path, { recursive: true, force: true });
});
