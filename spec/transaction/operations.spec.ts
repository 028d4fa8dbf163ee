/** Each operation of a transaction: what it is called in errors, what it hands to the engine, and when it is refused. */
import { describe, expect, test } from "vitest";
import { type KeyRange, metadataVersionKey } from "../../lib/keyspace/index.js";
import type { TenantRecord } from "../../lib/tenant/index.js";
import type { SystemView, TenantView } from "../../lib/transaction/view/index.js";
import { keyAfter } from "../../lib/tuple/index.js";
import { failure, id, keyspace, opened, range, swallowed } from "./opened.js";

const { control } = keyspace;

const at = Uint8Array.of(1);
const whole: KeyRange = { begin: Uint8Array.of(1), end: Uint8Array.of(2) };
const outside = Uint8Array.of(0xff, 1);
const beyond = { begin: outside, end: Uint8Array.of(0xff, 2) };
const value = Uint8Array.of(7);
const stamped = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0);
const stampedValue = new Uint8Array(14);

type Methods<View> = Readonly<Record<string, (view: View, key: Uint8Array, keys: KeyRange) => unknown>>;

const reads: Methods<TenantView> = {
  get: (view, key) => view.get(key),
  getKey: (view, key) => view.getKey({ key, orEqual: false, offset: 1 }),
  getRange: (view, _, keys) => view.getRange(keys),
  getEstimatedRangeSizeBytes: (view, _, keys) => view.getEstimatedRangeSizeBytes(keys),
  getRangeSplitPoints: (view, _, keys) => view.getRangeSplitPoints(keys, 10),
};

const writes: Methods<TenantView> = {
  set: (view, key) => view.set(key, value),
  clear: (view, key) => view.clear(key),
  clearRange: (view, _, keys) => view.clearRange(keys),
  atomic: (view, key) => view.atomic("add", key, value),
  setVersionstampedKey: (view, key) =>
    view.setVersionstampedKey(key === at ? stamped : new Uint8Array([0xff, ...stamped.slice(1)]), value),
  setVersionstampedValue: (view, key) => view.setVersionstampedValue(key, stampedValue),
  addWriteConflictRange: (view, _, keys) => view.addWriteConflictRange(keys),
  "addWriteConflictRange of a key": (view, key) => view.addWriteConflictKey(key),
};

const others: Methods<TenantView> = {
  addReadConflictRange: (view, _, keys) => view.addReadConflictRange(keys),
  "addReadConflictRange of a key": (view, key) => view.addReadConflictKey(key),
  watch: (view, key) => view.watch(key),
};

const all = { ...reads, ...writes, ...others };
const named = (name: string): string => name.split(" ")[0] ?? name;

describe("a tenant's operation", () => {
  test.each(Object.keys(all))("%s is refused outside, by its name, and remembered", async (name) => {
    const { view, attempt, calls } = opened();
    const refused = await failure(() => all[name]?.(view, outside, beyond));
    const reason = /range|Range|getKey/.test(name) && !name.includes(" ") ? "rangeOutside" : "keyOutside";
    expect(refused).toEqual({ code: "ISOLATION_VIOLATION", details: { operation: named(name), reason } });
    expect(calls).toEqual([]);
    await expect(swallowed(attempt)).rejects.toMatchObject({ code: "ISOLATION_VIOLATION" });
  });

  test.each(Object.keys({ ...all }))("%s is over when its attempt is", async (name) => {
    const { view, attempt, calls, writes: written } = opened();
    attempt.end();
    const refused = await failure(() => all[name]?.(view, at, whole));
    expect(refused.code).toBe("TRANSACTION_ENDED");
    const operation = name.includes(" ") && named(name) === "addReadConflictRange" ? "addReadConflictKey" : named(name);
    expect(refused.details).toEqual({ operation });
    expect(calls).toEqual([]);
    expect(written()).toBe(0);
  });

  test.each(Object.keys(all))("%s reaches the engine with the tenant's own keys", async (name) => {
    const { view, calls, writes: written, attempt } = opened();
    const result = all[name]?.(view, at, whole);
    if (typeof result === "object" && result !== null && "fired" in result && "cancel" in result) {
      expect(Object.keys(result).sort()).toEqual(["cancel", "fired"]);
      (result as { cancel(): void; fired: Promise<void> }).fired.catch(() => {});
      (result as { cancel(): void }).cancel();
      await expect((result as { fired: Promise<void> }).fired).rejects.toMatchObject({ fdbCode: 1101 });
    } else await result;
    expect(calls.length).toBeGreaterThan(0);
    const keys = calls.flatMap(([, ...args]) => args.map((arg) => (arg instanceof Uint8Array ? arg : Object(arg).key)));
    expect(keys.some((key) => key instanceof Uint8Array && range.containsBound(key))).toBe(true);
    expect(written()).toBe(name in writes ? 1 : 0);
    expect(attempt.wrote).toBe(name in writes);
  });

  test.each(Object.keys(writes))("%s is refused before the engine when the tenant takes no writes", async (name) => {
    const { view, calls } = opened({ writable: false });
    expect((await failure(() => writes[name]?.(view, at, whole))).code).toBe("Error: takes no writes");
    expect(calls).toEqual([]);
  });

  test("the rest is over with its attempt too", async () => {
    const { view, attempt } = opened();
    attempt.end();
    for (const [operation, work] of [
      ["getReadVersion", () => view.getReadVersion()],
      ["getVersionstamp", () => view.getVersionstamp()],
      ["getApproximateSize", () => view.getApproximateSize()],
      ["afterCommit", () => view.afterCommit(() => {})],
      ["announce", () => view.announce({} as never)],
    ] as const) {
      expect(await failure(work)).toEqual({ code: "TRANSACTION_ENDED", details: { operation } });
    }
  });

  test("without a conflict sets the engine's option right before its write, and only then", () => {
    const { view, calls } = opened();
    view.set(at, value, { noWriteConflict: true });
    view.clear(at, { noWriteConflict: true });
    view.clearRange(whole, { noWriteConflict: true });
    view.atomic("add", at, value, { noWriteConflict: true });
    view.set(at, value, { noWriteConflict: false });
    view.set(at, value, {});
    view.set(at, value);
    const option = "setOption nextWriteNoWriteConflictRange";
    expect(calls.map(([name, first]) => (name === "setOption" ? `${name} ${first}` : name))).toEqual([
      option,
      "set",
      option,
      "clear",
      option,
      "clearRange",
      option,
      "atomic",
      "set",
      "set",
      "set",
    ]);
  });

  test("of a stamped key or value is the engine's, with the tenant's prefix", () => {
    const { view, calls } = opened();
    view.setVersionstampedKey(stamped, value);
    view.setVersionstampedValue(at, stampedValue);
    const physical = range.absolute(stamped);
    new DataView(physical.buffer).setUint32(physical.length - 4, range.prefixLength + 1, true);
    expect(calls).toEqual([
      ["atomic", "setVersionstampedKey", physical, value],
      ["atomic", "setVersionstampedValue", range.absolute(at), stampedValue],
    ]);
  });

  test("of a key's conflict covers that key alone", () => {
    const { view, calls } = opened();
    view.addReadConflictKey(at);
    view.addWriteConflictKey(at);
    const key = range.absolute(at);
    expect(calls).toEqual([
      ["addReadConflictRange", key, keyAfter(key)],
      ["addWriteConflictRange", key, keyAfter(key)],
    ]);
  });

  test("that reads hands on what it was asked for, and no more", async () => {
    const { view, snapshot, read, calls } = opened();
    const options = { limit: 3, reverse: true, mode: "exact", targetBytes: 9, iteration: 2 } as const;
    await view.getRange(whole, { ...options, snapshot: true });
    await view.getRange(whole);
    await view.getRange(whole, { limit: 1 });
    await snapshot.getRange(whole, { snapshot: false });
    await view.get(at, { snapshot: true });
    await view.get(at);
    await snapshot.get(at);
    await read.get(at, { snapshot: false });
    const passed = calls.map(([name, ...args]) => (name === "getRange" ? args[2] : args[1]));
    expect(passed).toEqual([
      { ...options, snapshot: true },
      { snapshot: false },
      { limit: 1, snapshot: false },
      { snapshot: true },
      true,
      false,
      true,
      false,
    ]);
    for (const [name, begin, end] of calls) {
      if (name !== "getRange") continue;
      expect(begin).toEqual({ key: range.absolute(whole.begin), orEqual: false, offset: 1 });
      expect(end).toEqual({ key: range.absolute(whole.end), orEqual: false, offset: 1 });
    }
  });

  test("counts the rows that came back", async () => {
    const { view, attempt } = opened();
    for (const n of [1, 2, 3]) view.set(Uint8Array.of(n), value);
    await view.get(at);
    expect(attempt.rows).toBe(1);
    await view.get(Uint8Array.of(9));
    expect(attempt.rows).toBe(1);
    const { rows } = await view.getRange({ begin: at, end: Uint8Array.of(9) }, { limit: 3, mode: "exact" });
    expect(rows).toHaveLength(3);
    expect(attempt.rows).toBe(4);
    expect(await view.getKey({ key: at, orEqual: true, offset: 2 })).toEqual(Uint8Array.of(3));
    expect(attempt.rows).toBe(6);
    expect(view.tenantId).toBe(id);
  });

  test("gives split points and bounds relative to the tenant", async () => {
    const { view } = opened();
    const points = await view.getRangeSplitPoints({ begin: at, end: Uint8Array.of(0xff) }, 10);
    for (const point of points) expect(range.containsBound(range.absolute(point))).toBe(true);
    expect(points.length).toBeGreaterThan(0);
  });
});

describe("the control plane's operation", () => {
  const key = control.metaKey("format");
  const part = control.registryRange;
  const tenantKey = range.absolute(at);
  const tenantPart = { begin: range.begin, end: range.end };

  const operations: Methods<SystemView> = {
    get: (system, own) => system.get(own),
    getRange: (system, _, keys) => system.getRange(keys),
    set: (system, own) => system.set(own, value),
    clear: (system, own) => system.clear(own),
    clearRange: (system, _, keys) => system.clearRange(keys),
    atomic: (system, own) => system.atomic("add", own, value),
    setVersionstampedKey: (system, own) => {
      const stampedKey = new Uint8Array([...own, ...new Uint8Array(14)]);
      new DataView(stampedKey.buffer).setUint32(stampedKey.length - 4, own.length, true);
      return system.setVersionstampedKey(stampedKey, value);
    },
    setVersionstampedValue: (system, own) => system.setVersionstampedValue(own, stampedValue),
    addReadConflictRange: (system, own) => system.addReadConflictKey(own),
  };
  const writing = ["set", "clear", "clearRange", "atomic", "setVersionstampedKey", "setVersionstampedValue"];

  test.each(Object.keys(operations))("%s stays in the control plane", async (name) => {
    const { system, calls, attempt } = opened();
    const refused = await failure(() => operations[name]?.(system, tenantKey, tenantPart));
    expect(refused).toEqual({ code: "ISOLATION_VIOLATION", details: { operation: name, reason: "outsideControl" } });
    expect(calls).toEqual([]);
    await expect(swallowed(attempt)).rejects.toMatchObject({ code: "ISOLATION_VIOLATION" });
    for (const like of ["key", undefined, [1], { begin: 1 }]) {
      const odd = await failure(() => operations[name]?.(system, like as never, { begin: like, end: like } as never));
      if (name === "setVersionstampedKey" && like !== undefined) continue;
      if (odd.code === "ISOLATION_VIOLATION") expect(odd.details).toEqual({ operation: name, reason: "notBytes" });
      else expect(name).toBe("setVersionstampedKey");
    }
    expect(calls).toEqual([]);
  });

  test.each(Object.keys(operations))(
    "%s reaches the engine as it is, and is over when its attempt is",
    async (name) => {
      const { system, calls, writes: written, attempt } = opened();
      await operations[name]?.(system, key, part);
      expect(calls).toHaveLength(1);
      expect(written()).toBe(writing.includes(name) ? 1 : 0);
      attempt.end();
      const operation = name === "addReadConflictRange" ? "addReadConflictKey" : name;
      const refused = await failure(() => operations[name]?.(system, key, part));
      expect(refused).toEqual({ code: "TRANSACTION_ENDED", details: { operation } });
      expect(calls).toHaveLength(1);
    },
  );

  test("gives a stamp no place that the prefix has, or the key's end", async () => {
    const { system } = opened();
    const { prefixLength } = control.range;
    const place = (offset: number, length = 12) => {
      const bytes = new Uint8Array([...control.range.absolute(new Uint8Array(length).fill(1)), 0, 0, 0, 0]);
      new DataView(bytes.buffer).setUint32(bytes.length - 4, offset, true);
      return () => system.setVersionstampedKey(bytes, value);
    };
    expect(place(prefixLength + 1)).not.toThrow();
    expect(place(prefixLength + 2)).not.toThrow();
    for (const offset of [0, prefixLength, prefixLength + 3, 0xffffffff]) {
      expect(await failure(place(offset))).toMatchObject({ details: { reason: "outsideControl" } });
    }
    for (const length of [0, 1, 3]) {
      const refused = await failure(() => system.setVersionstampedKey(new Uint8Array(length), value));
      expect(refused.details).toEqual({ operation: "setVersionstampedKey", reason: "outsideControl" });
    }
  });

  test("of a stamped key or value is the engine's, with what was given; what is no bytes has its name", async () => {
    const { system, calls } = opened();
    const stampedKey = new Uint8Array([...key, ...new Uint8Array(10), key.length, 0, 0, 0]);
    system.setVersionstampedKey(stampedKey, value);
    system.setVersionstampedValue(key, stampedValue);
    expect(calls).toEqual([
      ["atomic", "setVersionstampedKey", stampedKey, value],
      ["atomic", "setVersionstampedValue", key, stampedValue],
    ]);
    const refused = await failure(() => system.setVersionstampedKey("key" as never, value));
    expect(refused.details).toEqual({ operation: "setVersionstampedKey", reason: "notBytes" });
  });

  test("passes on snapshot reads and range options", async () => {
    const { system, calls } = opened();
    await system.get(key, { snapshot: true });
    await system.get(key);
    await system.getRange(part, { limit: 2, reverse: true, snapshot: true });
    await system.getRange(part);
    await system.getReadVersion();
    expect(calls.map(([name, ...args]) => (name === "getRange" ? args[2] : args[1]))).toEqual([
      true,
      false,
      { limit: 2, reverse: true, snapshot: true },
      { snapshot: false },
      undefined,
    ]);
  });

  test("bumps the metadata version once, whatever changes", () => {
    const { system, calls } = opened();
    const record: TenantRecord = { id, name: "a", state: "active", incarnation: 1, createdAt: 0, revision: 1 };
    system.putTenant(record);
    system.removeTenant(id);
    system.bumpMetadataVersion();
    expect(calls.map(([name]) => name)).toEqual(["set", "atomic", "clear"]);
    expect(calls[1]).toEqual(["atomic", "setVersionstampedValue", metadataVersionKey(), new Uint8Array(14)]);
  });

  test("clears a tenant's range and no more, and acts as a tenant behind its guard", async () => {
    const { system, calls, attempt } = opened();
    system.clearTenantData(id);
    expect(calls).toEqual([["clearRange", range.begin, range.end]]);
    const acting = system.actAsTenant(id);
    expect(acting.tenantId).toBe(id);
    expect((await failure(() => acting.set(outside, value))).code).toBe("ISOLATION_VIOLATION");
    let ran = 0;
    system.afterCommit(() => void ran++);
    for (const fn of attempt.afterCommit) await fn();
    expect(ran).toBe(1);
    attempt.end();
    for (const [operation, work] of [
      ["clearTenantData", () => system.clearTenantData(id)],
      ["actAsTenant", () => system.actAsTenant(id)],
      ["afterCommit", () => system.afterCommit(() => {})],
      ["bumpMetadataVersion", () => system.bumpMetadataVersion()],
      ["getReadVersion", () => system.getReadVersion()],
    ] as const) {
      expect(await failure(work)).toEqual({ code: "TRANSACTION_ENDED", details: { operation } });
    }
  });
});
