/** Connections: leases that count while they are held, and end when their process has died. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Engine } from "../../lib/engine/index.js";
import { EngineError, embedded, newTenantId, open } from "../../lib/index.js";
import { systemClock } from "../../lib/observe/index.js";
import { codeOf } from "../transaction/fixture.js";
import { openStage, usedOf } from "./stage.js";

const plans = { three: { connections: 3 }, one: { connections: 1 }, none: {} };
const quotas = (connectionLeaseMs: number) => ({
  plans,
  connectionLeaseMs,
});

const until = async (fits: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await fits())) await new Promise((resolve) => setTimeout(resolve, 10));
};

describe("connections", () => {
  test("are counted for all processes together, and given back", async () => {
    await using stage = await openStage(plans);
    const tenant = await stage.tenant("three");
    const second = await stage.another();
    const elsewhere = second.tenant(tenant.id);
    const opened = await Promise.all([tenant, elsewhere, tenant].map(({ quotas: own }) => own.connect()));
    expect(usedOf(await tenant.quotas.usage(), "connections")).toBe(3);
    for (const handle of [tenant, elsewhere]) expect(await codeOf(handle.quotas.connect())).toBe("QUOTA_EXCEEDED");
    await opened[1]?.release();
    await opened[1]?.release();
    await using third = await elsewhere.quotas.connect();
    expect(third.signal.aborted).toBe(false);
    expect(await codeOf(tenant.quotas.connect())).toBe("QUOTA_EXCEEDED");
    // A database that is closed gives back what it holds.
    await second.close();
    expect(usedOf(await tenant.quotas.usage(), "connections")).toBe(2);
    const again = await tenant.quotas.connect();
    expect((await stage.db.quotas.recount(tenant.id)).every(({ drift }) => drift === 0)).toBe(true);
    for (const lease of [again, opened[0], opened[2]]) await lease?.release();
    expect(usedOf(await tenant.quotas.usage(), "connections")).toBe(0);
  });

  test("are kept by a heartbeat for longer than a lease, and taken over from one that has stopped", async () => {
    let stopped = false;
    // A process that hangs: its timers do not fire.
    const clock = {
      ...systemClock,
      after: (ms: number, fn: () => void) => systemClock.after(ms, () => stopped || fn()),
    };
    await using stage = await openStage(plans, { clock, quotas: quotas(90) });
    const tenant = await stage.tenant("one");
    const lease = await tenant.quotas.connect();
    await using other = await open({ engine: stage.engine, entities: [], quotas: quotas(90) });
    const elsewhere = other.tenant(tenant.id).quotas;
    const begun = performance.now();
    while (performance.now() - begun < 250) expect(await codeOf(elsewhere.connect())).toBe("QUOTA_EXCEEDED");
    stopped = true;
    await until(async () => (await codeOf(elsewhere.connect())) === undefined);
    expect(usedOf(await elsewhere.usage(), "connections")).toBe(1);
    // What it gives back now has been given back.
    await lease.release();
    expect(usedOf(await elsewhere.usage(), "connections")).toBe(1);
    expect((await stage.db.quotas.recount(tenant.id)).every(({ drift }) => drift === 0)).toBe(true);
  });

  test("are lost, and say so, when the database cannot be reached for as long as a lease", async () => {
    let down = false;
    const failing = (inner: Engine): Engine => ({
      name: inner.name,
      capabilities: inner.capabilities,
      close: () => inner.close(),
      begin() {
        if (down) throw new EngineError(1510);
        return inner.begin();
      },
    });
    await using stage = await openStage(plans, { quotas: quotas(60) }, failing);
    const lease = await (await stage.tenant("one")).quotas.connect();
    down = true;
    await until(() => lease.signal.aborted);
    expect(lease.signal.reason).toMatchObject({ code: "QUOTA_LEASE_LOST" });
    down = false;
    await lease.release();
  });

  test("of a process that is killed are given back when its lease has ended", async () => {
    const path = mkdtempSync(join(tmpdir(), "tenantry-connections-"));
    const id = newTenantId();
    const leaseMs = 700;
    const script = fileURLToPath(new URL("connection-child.ts", import.meta.url));
    const child = spawn(process.execPath, ["--import", "tsx", script, path, id, "3", String(leaseMs)]);
    const [line] = await once(child.stdout, "data");
    expect(String(line)).toBe("QUOTA_EXCEEDED\n");
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    const few = { plans: { few: { connections: 3 } }, defaultPlan: "few", connectionLeaseMs: leaseMs };
    const db = await open({ engine: embedded(path), entities: [], quotas: few });
    const own = db.tenant(id).quotas;
    expect(usedOf(await own.usage(), "connections")).toBe(3);
    await until(async () => (await codeOf(own.connect())) === undefined);
    expect(usedOf(await own.usage(), "connections")).toBe(1);
    await own.connect();
    await own.connect();
    expect(await codeOf(own.connect())).toBe("QUOTA_EXCEEDED");
    await db.close();
    rmSync(path, { recursive: true, force: true });
  });

  test("are not counted in a tenant that is none", async () => {
    await using stage = await openStage(plans);
    const unknown = stage.db.tenant("3f2b8c1e-9a4d-4e6f-8b1a-0123456789aa" as never);
    expect(await codeOf(unknown.quotas.connect())).toBe("TENANT_UNAVAILABLE");
    expect(await codeOf(unknown.quotas.usage())).toBe("TENANT_UNAVAILABLE");
  });
});
