/** The guard's edges: the longest that passes and the shortest that does not, and what a refusal is called. */
import { describe, expect, test, vi } from "vitest";
import { isTenantryError } from "../../lib/errors/index.js";
import { TenantGuard, type TenantQuery, type Violation, ViolationLog, validateQuery } from "../../lib/guard/index.js";
import { Keyspace } from "../../lib/keyspace/index.js";
import { keyBytesMax, violationReportsMax, violationWindowMs } from "../../lib/limits/index.js";
import { newTenantId } from "../../lib/tenant/index.js";

const id = newTenantId();
const range = new Keyspace().tenant(id);
const guard = new TenantGuard(range);
const reach = keyBytesMax - range.prefixLength;
const relative = (length: number): Uint8Array => new Uint8Array(length).fill(1);
const physical = (length: number): Uint8Array => range.absolute(relative(length));

const details = (fn: () => unknown): unknown => {
  try {
    fn();
  } catch (error) {
    return isTenantryError(error) ? error.details : error;
  }
  return undefined;
};

describe("a key too long", () => {
  test("is one byte above the bound, and the error says by how much", () => {
    expect(() => guard.key(relative(reach), "set")).not.toThrow();
    expect(details(() => guard.key(relative(reach + 1), "set"))).toEqual({ bytes: keyBytesMax + 1, keyBytesMax });
  });

  test("may be one byte longer as a bound or in a selector", () => {
    const selector = (length: number) => () => guard.selector({ key: relative(length), orEqual: false, offset: 1 });
    expect(selector(reach + 1)).not.toThrow();
    expect(details(selector(reach + 2))).toEqual({ bytes: keyBytesMax + 2, keyBytesMax });
    const bound = (length: number) => () => guard.range({ begin: relative(1), end: relative(length) }, "getRange");
    expect(bound(reach + 1)).not.toThrow();
    expect(details(bound(reach + 2))).toEqual({ bytes: keyBytesMax + 2, keyBytesMax });
  });

  test("is told apart in queries too", () => {
    const reasons = (query: TenantQuery): unknown =>
      validateQuery(id, query).map(({ part, reason }) => `${part} ${reason}`);
    expect(reasons({ key: physical(reach) })).toEqual([]);
    expect(reasons({ key: physical(reach + 1) })).toEqual(["key tooLarge"]);
    expect(reasons({ begin: physical(1), end: physical(reach + 1) })).toEqual([]);
    expect(reasons({ begin: physical(1), end: physical(reach + 2) })).toEqual(["end tooLarge"]);
    const selector = (length: number) => ({ selector: { key: physical(length), orEqual: false, offset: 1 } });
    expect(reasons(selector(reach + 1))).toEqual(["selector selectorWalks"]);
    expect(reasons(selector(reach + 2))).toEqual(["selector tooLarge"]);
    const stamped = (length: number) => {
      const key = new Uint8Array([...physical(length), 0, 0, 0, 0]);
      new DataView(key.buffer).setUint32(key.length - 4, range.prefixLength + 1, true);
      return { versionstampedKey: key };
    };
    expect(reasons(stamped(reach))).toEqual([]);
    expect(reasons(stamped(reach + 1))).toEqual(["versionstampedKey tooLarge"]);
  });
});

describe("a refusal", () => {
  test("is of the operation that was asked for", () => {
    const told: Violation[] = [];
    const log = new ViolationLog({ onViolation: (violation) => void told.push(violation), monotonic: () => 0 });
    const watched = new TenantGuard(range, log);
    const outside = Uint8Array.of(0xff, 0xff);
    const attempts: Readonly<Record<string, () => unknown>> = {
      within: () => watched.within(outside),
      "atomic keyOutside": () => watched.atomicKey("add", outside),
      "atomic unknownOperation": () => watched.atomicKey("subtract", Uint8Array.of(1)),
      setVersionstampedKey: () => watched.versionstampedKey(Uint8Array.of(1)),
      "getKey rangeOutside": () => watched.selector({ key: outside, orEqual: false, offset: 1 }),
      "getKey selectorInvalid": () => watched.selector({ key: Uint8Array.of(1), orEqual: false, offset: 0.5 }),
      "getKey notBytes": () => watched.selector({ key: "a" as never, orEqual: false, offset: 1 }),
    };
    for (const attempt of Object.values(attempts)) expect(attempt).toThrow();
    expect(told.map(({ operation }) => operation)).toEqual(Object.keys(attempts).map((name) => name.split(" ")[0]));
    expect(told.every(({ tenantId }) => tenantId === id)).toBe(true);
  });

  test("is suppressed after the most of a window, and counted in the next report", () => {
    let now = 0;
    const told: Violation[] = [];
    const log = new ViolationLog({ onViolation: (violation) => void told.push(violation), monotonic: () => now });
    for (let n = 0; n < violationReportsMax + 3; n += 1) log.refuse(id, "get", "keyOutside");
    now = 1e9;
    log.refuse(id, "get", "keyOutside");
    expect(told.map(({ suppressed }) => suppressed)).toEqual([...new Array(violationReportsMax).fill(0), 3]);
    expect(log.count).toBe(violationReportsMax + 4);
  });
});

test("a window is a second of the process's own clock, unless another is given", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  try {
    let told = 0;
    const log = new ViolationLog({ onViolation: () => void told++ });
    const flood = (): void => {
      for (let n = 0; n < violationReportsMax + 3; n += 1) log.refuse(id, "get", "keyOutside");
    };
    flood();
    expect(told).toBe(violationReportsMax);
    vi.advanceTimersByTime(violationWindowMs);
    flood();
    expect(told).toBe(2 * violationReportsMax);
  } finally {
    vi.useRealTimers();
  }
});

describe("a query of a wrong shape", () => {
  const key = physical(1);
  const reasonsOf = (query: unknown): unknown => validateQuery(id, query as TenantQuery).map(({ reason }) => reason);

  test.each([
    ["half a range", { begin: key }],
    ["the other half", { end: key }],
    ["a key and a range", { key, begin: key, end: key }],
    ["nothing", {}],
    ["no object", 7],
    ["null", null],
  ])("%s", (_, query) => expect(reasonsOf(query)).toEqual(["unknownQuery"]));

  test.each([
    ["no offset", { key, orEqual: true }],
    ["no orEqual", { key, offset: 1 }],
    ["no key", { orEqual: true, offset: 1 }],
    ["an orEqual that is no boolean", { key, orEqual: 1, offset: 1 }],
    ["an offset that is no number", { key, orEqual: true, offset: "1" }],
    ["an offset between", { key, orEqual: true, offset: 1.5 }],
    ["a bigint for an offset", { key, orEqual: true, offset: 1n }],
    ["null", null],
    ["text", "a"],
  ])("a selector with %s", (_, selector) => {
    expect(reasonsOf({ selector })).toEqual(["selectorInvalid"]);
    const isObject = typeof selector === "object" && selector !== null;
    expect(reasonsOf({ begin: selector, end: key })).toEqual([isObject ? "selectorInvalid" : "notBytes"]);
    expect(reasonsOf({ begin: key, end: selector })).toEqual([isObject ? "selectorInvalid" : "notBytes"]);
  });

  test.each([
    ["no orEqual", { key: "a", offset: 1 }],
    ["no offset", { key: "a", orEqual: true }],
  ])("a selector with %s and no bytes: what is missing comes first", (_, selector) =>
    expect(reasonsOf({ selector })).toEqual(["selectorInvalid"]),
  );

  test("a selector whose key is no bytes", () => {
    expect(reasonsOf({ selector: { key: "a", orEqual: true, offset: 1 } })).toEqual(["notBytes"]);
    expect(reasonsOf({ begin: { key: [1], orEqual: true, offset: 1 }, end: key })).toEqual(["notBytes"]);
  });
});
