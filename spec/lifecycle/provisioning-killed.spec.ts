/**
 * Provisioning that is killed with -9 goes on in the next process: one tenant, each step once, an intact trail.
 * Left out of the quick run.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { collect } from "../repository/shelf.js";
import { runs } from "../runs.js";
import { Count, names, openAt } from "./provisioning-child.js";

const folder = mkdtempSync(join(tmpdir(), "tenantry-provisioning-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Provisions in a process that is killed after some lines, or when it ends. */
async function provisionUntil(path: string, lines: number): Promise<void> {
  const script = fileURLToPath(new URL("provisioning-child.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", script, "child", path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = 0;
  createInterface({ input: child.stdout }).on("line", () => {
    if (++said === lines) child.kill("SIGKILL");
  });
  await once(child, "exit");
}

test("killed in the middle of its steps", { timeout: 60_000 + 20_000 * runs(1) }, async () => {
  for (let round = 0; round < runs(1); round++) {
    const path = join(folder, String(round));
    for (const lines of [3 + (round % 5), 6]) await provisionUntil(path, lines);
    await using db = await openAt(path);
    const [unfinished, ...others] = await collect(db.tenants.list());
    expect(others).toEqual([]);
    expect(unfinished).toMatchObject({ state: "provisioning", externalKey: "key" });
    const { done } = await db.tenants.resumeProvisioning();
    expect(done).toMatchObject([{ id: unfinished?.id, state: "active" }]);
    const id = done[0]?.id ?? expect.unreachable();
    expect(await db.tenants.provision({ name: "again", externalKey: "key" })).toEqual(done[0]);
    const counts = await db.tenant(id).repository(Count).list();
    expect(counts).toEqual(names.map((name) => ({ name, times: 1 })));
    // Each step's entry is there, once.
    const entries = await collect(db.audit.entries(id, { kind: "changes" }));
    expect(entries.flatMap(({ changes }) => changes.map((change) => change.id)).sort()).toEqual(names);
    expect((await db.audit.verify(id, { head: await db.audit.seal(id) })).intact).toBe(true);
  }
});
