/** The bytes of the registry, spelt out: what stands where for a tenant in each part of its life. */
import { describe, expect, test } from "vitest";
import { Keyspace } from "../../lib/keyspace/index.js";
import { parseTenantId } from "../../lib/tenant/index.js";
import { recording } from "../../lib/testing/index.js";
import { keyAfter, pack } from "../../lib/tuple/index.js";
import { processes, rowsIn } from "./fixture.js";

const id = parseTenantId("7b1985ce-4d2c-4f6a-9d0e-3f1f6a4f8f0a");
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const root = "02" + "74656e616e747279" + "00"; // "tenantry"
const control = `${root}14`;
const tenant = "30" + "7b1985ce4d2c4f6a9d0e3f1f6a4f8f0a";
const text = (value: string): string => `02${hex(Buffer.from(value))}00`;
const time = 1_700_000_000_000; // 6 bytes
const integer = (n: number): string => hex(pack([n]));

describe("the bytes of the registry", () => {
  test("of a tenant that is provisioned, being made, retired and erased", async () => {
    await using all = await processes();
    all.clock.time = time;
    let broken = true;
    const seed = {
      name: "a",
      async run() {
        if (broken) throw new Error("seed failed");
        return undefined;
      },
    };
    const db = await all.open({ provisioning: { seed: [seed] } });
    const { control: keys } = new Keyspace();
    /** Rows of the control plane but markers, trails and definitions. */
    const rows = async (): Promise<string[]> =>
      (await rowsIn(all.engine, keys.range))
        .map(([key, value]) => `${hex(key)} ${hex(value)}`)
        .filter((row) => !["1502", "1503", "1507"].some((part) => row.startsWith(control + part)));
    const json = (value: object): string => `02${hex(Buffer.from(JSON.stringify(value)))}`;
    const record = {
      ...{ id, name: "x", state: "provisioning", incarnation: 1, createdAt: time, revision: 1 },
      ...{ externalKey: "k", plan: "p", region: "r", metadata: { a: "b" } },
    };
    const little = (ms: number): string => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(BigInt(ms));
      return bytes.toString("hex");
    };
    const clock = (ms: number): string => `${control}1504${text("clock")} ${little(ms)}`;
    const database = `${control}1504${text("database")} 01`;
    const external = `${control}1505${text("k")} ${tenant}`;
    const named = `${control}1508${text("x")}${tenant} `;
    const registry = (value: object): string => `${control}1501${tenant} ${json(value)}`;

    const { name, externalKey, plan, region, metadata } = record;
    const profile = { name, externalKey, plan, region, metadata, id };
    await expect(db.tenants.provision(profile)).rejects.toThrow("seed failed");
    const making = `${control}1506${text("provisioning")}14${tenant} `;
    expect(await rows()).toEqual([registry(record), clock(time), database, external, making, named]);

    broken = false;
    await db.tenants.resumeProvisioning();
    const active = { ...record, state: "active", revision: 2 };
    expect(await rows()).toEqual([registry(active), clock(time), database, external, named]);
    const own = await rowsIn(all.engine, new Keyspace().tenant(id));
    const progress = own.filter(([key]) => hex(key).startsWith(`${root}${tenant}150b`));
    expect(progress.map((row) => row.map(hex))).toEqual([[`${root}${tenant}150b${text("seed")}${text("a")}`, "1501"]]);

    all.clock.time = time + 1;
    await db.tenants.retire(id, { graceMs: 5 });
    const retired = { ...active, state: "retired", revision: 3, eraseAfter: time + 6 };
    const due = `${control}1506${text("erasure")}${integer(time + 6)}${tenant} `;
    expect(await rows()).toEqual([registry(retired), clock(time + 1), database, external, due, named]);

    all.clock.time = time + 6;
    await db.tenants.eraseDue();
    const stone = { id, name: "", state: "erased", incarnation: 1, createdAt: time, revision: 4 };
    expect(await rows()).toEqual([registry(stone), clock(time + 6), database]);
  });

  test("of a tenant for which operators have set limits, as long as they have", async () => {
    await using all = await processes();
    all.clock.time = time;
    const db = await all.open({ quotas: { plans: {} } });
    await db.tenants.provision({ name: "x", id });
    const key = new Keyspace().control.registryKey(id);
    const stored = async (): Promise<string> => {
      const [row] = await rowsIn(all.engine, { begin: key, end: keyAfter(key) });
      return Buffer.from(row?.[1] ?? []).toString("latin1");
    };
    const record = { id, name: "x", state: "active", incarnation: 1, createdAt: time, revision: 1 };
    expect(await stored()).toBe(`\x02${JSON.stringify(record)}`);
    await db.quotas.setOverride(id, "connections", { soft: 5 });
    await db.quotas.setOverride(id, "storageBytes", Number.POSITIVE_INFINITY);
    await db.quotas.setOverride(id, "rate:calls", { perMinute: 60 });
    const json = '{"connections":{"soft":5},"storageBytes":null,"rate:calls":{"perMinute":60,"burst":60}}';
    expect(await stored()).toBe(
      `\x03${JSON.stringify({ ...record, revision: 4, quotaOverrides: JSON.parse(json) as object })}`,
    );
    expect(await stored()).toContain(`"quotaOverrides":${json}}`);
    for (const resource of ["connections", "storageBytes", "rate:calls"]) await db.quotas.clearOverride(id, resource);
    expect(await stored()).toBe(`\x02${JSON.stringify({ ...record, revision: 7 })}`);
  });

  test("a change of a tenant costs a get, and what its options say", async () => {
    await using all = await processes();
    const engine = recording(all.engine);
    const db = await all.open({ engine, quotas: { plans: {} } });
    const gets = async (work: () => Promise<unknown>): Promise<number> => {
      engine.take();
      await work();
      return engine.take().filter(({ kind, operation }) => kind === "asked" && operation === "get").length;
    };
    const calls: [expected: number, work: () => Promise<unknown>][] = [
      [0, () => db.tenants.provision({ name: "x" })],
      [1, () => db.tenants.provision({ name: "x", id })],
      [1, () => db.tenants.provision({ name: "x", externalKey: "k" })],
      [2, () => db.tenants.provision({ name: "x", externalKey: "k" })],
      [1, () => db.tenants.get(id)],
      [1, () => db.quotas.setOverride(id, "connections", 5)],
      [1, () => db.quotas.clearOverride(id, "connections")],
      [1, () => db.quotas.overrides(id)],
      [1, () => db.tenants.suspend(id)],
      [2, () => db.tenants.resume(id, { by: "ann" })],
      [1, () => db.tenants.rename(id, "y")],
      [2, () => db.tenants.retire(id, { graceMs: 0 })],
      [1, () => db.tenants.erase(id)],
    ];
    for (const [expected, work] of calls)
      expect([work.toString(), await gets(work)]).toEqual([work.toString(), expected]);
  });
});
