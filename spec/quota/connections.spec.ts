/** Connections: leases that count while they are held, and end when their process has died. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Engine } from "../../lib/engine/index.js";
import { EngineError, embedded, newTenantId, open } from "../../lib/index.js";
import { systemClock } from "../../lib/observe/index.js";
import { FakeTime } from "../observe/fake-time.js";
import { runs } from "../runs.js";
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

  test("end with their signal, whenever it aborts", async () => {
    // What of the engine's work holds a connection up, for a spec to let go.
    let held: (() => void)[] | undefined;
    const slow = (inner: Engine): Engine => ({
      name: inner.name,
      capabilities: inner.capabilities,
      close: () => inner.close(),
      begin() {
        const transaction = inner.begin();
        const { commit } = transaction;
        transaction.commit = async () => {
          await new Promise<void>((resolve) => (held === undefined ? resolve() : held.push(resolve)));
          await commit.call(transaction);
        };
        return transaction;
      },
    });
    await using stage = await openStage(plans, {}, slow);
    const { quotas: own } = await stage.tenant("three");
    const used = async () => usedOf(await own.usage(), "connections");
    const gone = new Error("gone");
    const aborted = { code: "TRANSACTION_ABORTED", cause: gone };

    await expect(own.connect({ signal: AbortSignal.abort(gone) })).rejects.toMatchObject(aborted);
    // While it is counted, and while it waits for others to be.
    held = [];
    const [first, second] = [new AbortController(), new AbortController()];
    const connecting = [first, second].map(({ signal }) => own.connect({ signal }));
    await until(() => held?.length === 1);
    first.abort(gone);
    second.abort(gone);
    // Nobody waits for the database to find that out.
    for (const one of connecting) await expect(one).rejects.toMatchObject(aborted);
    const letGo = held;
    held = undefined;
    for (const go of letGo) go();
    await until(async () => (await used()) === 0);

    const third = new AbortController();
    const lease = await own.connect({ signal: third.signal });
    // Once what the aborted ones counted is taken back.
    await until(async () => (await used()) === 1);
    third.abort(gone);
    await until(async () => (await used()) === 0);
    await lease.release();
    expect(lease.signal.aborted).toBe(false);
    // One that was released has nothing to do with its signal any more.
    const fourth = new AbortController();
    await using kept = await own.connect();
    await (await own.connect({ signal: fourth.signal })).release();
    fourth.abort(gone);
    expect([await used(), kept.signal.aborted]).toEqual([1, false]);
    expect(await codeOf(own.connect({ singal: third.signal } as never))).toBe("OPTION_UNKNOWN");
  });

  test("that come and go with their signals leave none but those that stay, in whatever order", async () => {
    await using stage = await openStage({ many: { connections: 5 } });
    const { id, quotas: own } = await stage.tenant("many");
    const used = async () => usedOf(await own.usage(), "connections");
    const ticks = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n++) await new Promise((resolve) => setImmediate(resolve));
    };
    const some = fc.integer({ min: 0, max: 6 });
    const turn = fc.record({ before: some, after: some, end: fc.constantFrom("abort", "release", "stay") });
    await fc.assert(
      fc.asyncProperty(fc.array(turn, { minLength: 1, maxLength: 12 }), async (turns) => {
        const all = turns.map(async ({ before, after, end }) => {
          await ticks(before);
          const abort = new AbortController();
          const connecting = own.connect({ signal: abort.signal }).catch(() => undefined);
          if (end === "stay") return await connecting;
          if (end === "release") await (await connecting)?.release();
          else {
            await ticks(after);
            abort.abort();
            await connecting;
          }
          return undefined;
        });
        const staying = (await Promise.all(all)).filter((lease) => lease !== undefined);
        // Changes follow one another: behind some more, what aborted ones counted is taken back, and nothing else is.
        const settle = async (): Promise<void> => {
          for (let n = 0; n < 3; n++) await (await own.connect().catch(() => undefined))?.release();
        };
        await settle();
        const counted = await used();
        await Promise.all(staying.map((lease) => lease.release()));
        await settle();
        expect([counted, await used()]).toEqual([staying.length, 0]);
      }),
      { numRuns: runs(12) },
    );
    expect((await stage.db.quotas.recount(id)).every(({ drift }) => drift === 0)).toBe(true);
  });

  test("are kept by a heartbeat for longer than a lease, and taken over from one that has stopped", async () => {
    using time = new FakeTime();
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
    for (let passed = 0; passed < 250; passed += 10) {
      await time.pass(10);
      // The beat that was due is written before what is written after it.
      await stage.db.tenants.rename(tenant.id, `after ${passed} ms`);
      expect(await codeOf(elsewhere.connect())).toBe("QUOTA_EXCEEDED");
    }
    stopped = true;
    // A beat comes each third of a lease.
    await time.pass(50);
    expect(await codeOf(elsewhere.connect())).toBe("QUOTA_EXCEEDED");
    await time.pass(50);
    expect(await codeOf(elsewhere.connect())).toBeUndefined();
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
