/** Tenant records and states: what is stored comes back, and nothing else is taken for one. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isTenantryError } from "../../lib/errors/index.js";
import { quotaOverridesMax } from "../../lib/limits/index.js";
import {
  decodeTenantRecord,
  encodeTenantRecord,
  isTenantName,
  isTenantState,
  newTenantId,
  parseTenantId,
  type TenantRecord,
  type TenantState,
  tenantStates,
} from "../../lib/tenant/index.js";
import { runs } from "../runs.js";

const states = Object.keys(tenantStates).filter(isTenantState);

const record: TenantRecord = {
  id: newTenantId(),
  name: "France",
  state: "active",
  incarnation: 1,
  createdAt: 1_700_000_000_000,
  revision: 1,
};

const reason = (fn: () => unknown): string | undefined => {
  try {
    fn();
  } catch (error) {
    if (isTenantryError(error, "TENANT_RECORD_INVALID")) return error.details.reason;
    throw error;
  }
  return undefined;
};

const stored = (value: unknown, format = 2): Uint8Array =>
  Buffer.concat([Uint8Array.of(format), Buffer.from(JSON.stringify(value))]);
const text = fc.string({ unit: "binary", minLength: 1, maxLength: 12 });
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });

describe("records", () => {
  test("round trip", () => {
    const count = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(
        fc.record({
          id: fc.uuid({ version: 4 }).map(parseTenantId),
          name: fc.string({ unit: "binary", minLength: 1, maxLength: 60 }),
          state: fc.constantFrom(...states),
          incarnation: count,
          createdAt: fc.nat(),
          revision: count,
          externalKey: maybe(text),
          plan: maybe(text),
          region: maybe(text),
          metadata: maybe(fc.dictionary(text, text, { maxKeys: 4 }).filter((map) => !Object.hasOwn(map, "__proto__"))),
          eraseAfter: maybe(fc.nat()),
        }),
        (value) => {
          const bytes = encodeTenantRecord(value);
          const there = Object.entries(value).filter(([, item]) => item !== undefined);
          expect(decodeTenantRecord(bytes)).toEqual(Object.fromEntries(there));
          expect(Object.keys(decodeTenantRecord(bytes))).toHaveLength(there.length);
          expect(bytes[0]).toBe(2);
        },
      ),
      { numRuns: runs(200) },
    );
  });

  test.each<[string, object, string]>([
    ["another id", { id: "x" }, "id"],
    ["no name", { name: "" }, "name"],
    ["a name of a lone surrogate", { name: "\ud800" }, "name"],
    ["too long a name", { name: "é".repeat(129) }, "name"],
    ["an unknown state", { state: "gone" }, "state"],
    ["a state from the prototype", { state: "constructor" }, "state"],
    ["incarnation 0", { incarnation: 0 }, "incarnation"],
    ["a fraction", { incarnation: 1.5 }, "incarnation"],
    ["a negative time", { createdAt: -1 }, "createdAt"],
    ["text for a number", { createdAt: "1" }, "createdAt"],
    ["revision 0", { revision: 0 }, "revision"],
    ["a field more", { extra: 1 }, "fields"],
    ["an empty external key", { externalKey: "" }, "externalKey"],
    ["too long an external key", { externalKey: "x".repeat(513) }, "externalKey"],
    ["too long a plan", { plan: "x".repeat(65) }, "plan"],
    ["a number for a region", { region: 1 }, "region"],
    ["metadata that is no text", { metadata: { seats: 5 } }, "metadata"],
    ["too much metadata", { metadata: { text: "x".repeat(8_189) } }, "metadata"],
    ["a list for metadata", { metadata: ["x"] }, "metadata"],
    [
      "too many entries of metadata",
      { metadata: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [n, ""])) },
      "metadata",
    ],
    ["an end before 1970", { eraseAfter: -1 }, "eraseAfter"],
  ])("refuse %s, both ways", (_, change, expected) => {
    expect(reason(() => encodeTenantRecord({ ...record, ...change }))).toBe(expected);
    expect(reason(() => decodeTenantRecord(stored({ ...record, ...change })))).toBe(expected);
  });

  test("with overrides of quotas are of a format of their own, round trip, and are refused where they are none", () => {
    const bound = fc.nat({ max: Number.MAX_SAFE_INTEGER });
    const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/);
    const limited = fc.oneof(fc.record({ hard: bound }), fc.record({ soft: bound }), fc.constant(null));
    const rated = fc.oneof(
      fc.record({ perSecond: bound, burst: bound }),
      fc.record({ perMinute: bound, burst: bound }),
      fc.constant(null),
    );
    const overrides = fc
      .tuple(
        fc.dictionary(
          fc.oneof(
            name,
            name.map((entity) => `records:${entity}`),
          ),
          limited,
          { maxKeys: 30 },
        ),
        fc.dictionary(
          name.map((rate) => `rate:${rate}`),
          rated,
          { maxKeys: 30 },
        ),
      )
      .map(([limits, rates]) => ({ ...limits, ...rates }));
    fc.assert(
      fc.property(overrides, (quotaOverrides) => {
        const bytes = encodeTenantRecord({ ...record, quotaOverrides });
        expect(bytes[0]).toBe(3);
        expect(decodeTenantRecord(bytes)).toEqual({ ...record, quotaOverrides });
      }),
      { numRuns: runs(200) },
    );
    expect(reason(() => decodeTenantRecord(stored({ ...record, quotaOverrides: {} }, 2)))).toBe("fields");
    const full = Object.fromEntries(Array.from({ length: quotaOverridesMax + 1 }, (_, n) => [`seats${n}`, null]));
    for (const wrong of [
      [],
      null,
      "seats",
      full,
      { seats: 5 },
      { seats: {} },
      { seats: { hard: -1 } },
      { seats: { hard: 1.5 } },
      { seats: { hard: 2 ** 53 } },
      { seats: { hard: 1, soft: 1 } },
      { seats: { perSecond: 1, burst: 1 } },
      { "rate:calls": { hard: 1 } },
      { "rate:calls": { perSecond: 1 } },
      { "rate:calls": { perSecond: 1, perMinute: 1, burst: 1 } },
      { "a b": null },
      { "": null },
    ]) {
      const change = { ...record, quotaOverrides: wrong };
      expect([wrong, reason(() => encodeTenantRecord(change as never))]).toEqual([wrong, "quotaOverrides"]);
      expect([wrong, reason(() => decodeTenantRecord(stored(change, 3)))]).toEqual([wrong, "quotaOverrides"]);
    }
  });

  test("are read from the first format, which had no field that may be absent", () => {
    expect(decodeTenantRecord(stored(record, 1))).toEqual(record);
    expect(reason(() => decodeTenantRecord(stored({ ...record, plan: "team" }, 1)))).toBe("fields");
  });

  test("have no name once they are of an erased tenant, and only then", () => {
    expect(decodeTenantRecord(encodeTenantRecord({ ...record, name: "", state: "erased" })).name).toBe("");
    expect(reason(() => encodeTenantRecord({ ...record, name: "", state: "retired" }))).toBe("name");
  });

  test("with further external keys are of a format of their own, which alone may have them", () => {
    const keyed = { ...record, externalKeys: ["crm:1", "é"] };
    const bytes = encodeTenantRecord(keyed);
    expect(bytes[0]).toBe(4);
    expect(decodeTenantRecord(bytes)).toEqual(keyed);
    expect(encodeTenantRecord({ ...keyed, quotaOverrides: { seats: { hard: 1 } } })[0]).toBe(4);
    expect(reason(() => decodeTenantRecord(stored(keyed, 3)))).toBe("fields");
    for (const wrong of [[], [""], ["a", "a"], "a", [1], Array.from({ length: 33 }, (_, n) => `k${n}`)]) {
      expect(reason(() => decodeTenantRecord(stored({ ...record, externalKeys: wrong }, 4)))).toBe("externalKeys");
    }
  });

  test("refuse bytes that hold none", () => {
    const { name, ...nameless } = record;
    expect(reason(() => decodeTenantRecord(stored({ ...nameless, title: name })))).toBe("fields");
    expect(reason(() => decodeTenantRecord(stored(null)))).toBe("fields");
    expect(reason(() => decodeTenantRecord(stored([1, 2, 3, 4, 5, 6])))).toBe("fields");
    expect(reason(() => decodeTenantRecord(new Uint8Array(0)))).toBe("format");
    expect(reason(() => decodeTenantRecord(Buffer.from(JSON.stringify(record))))).toBe("format");
    expect(reason(() => decodeTenantRecord(encodeTenantRecord(record).fill(5, 0, 1)))).toBe("format");
    expect(reason(() => decodeTenantRecord(encodeTenantRecord(record).slice(0, -1)))).toBe("notJson");
    expect(reason(() => decodeTenantRecord(Uint8Array.of(2, 0x22, 0xff, 0x22)))).toBe("notJson");
  });

  test("names are bounded in bytes", () => {
    expect(isTenantName("é".repeat(128))).toBe(true);
    expect(isTenantName("é".repeat(129))).toBe(false);
    expect(isTenantName(5)).toBe(false);
  });
});

describe("states", () => {
  test("permit what they say", () => {
    const permitted = states.map((state): [TenantState, string] => {
      const { reads, writes, operatorReads, operatorWrites } = tenantStates[state];
      const said = (can: boolean, letter: string): string => (can ? letter : "-");
      const own = said(reads, "r") + said(writes, "w");
      return [state, `${own} ${said(operatorReads, "r")}${said(operatorWrites, "w")}`];
    });
    // Of users, then of operators.
    expect(Object.fromEntries(permitted)).toEqual({
      provisioning: "-- rw",
      active: "rw rw",
      readOnly: "r- r-",
      suspended: "-- r-",
      quarantined: "-- rw",
      retired: "-- r-",
      erased: "-- --",
    });
  });

  test("writing needs reading, none leads to itself or back to the beginning, and erased is the end, after retired", () => {
    for (const state of states) {
      const { reads, writes, operatorReads, operatorWrites, next } = tenantStates[state];
      expect(reads || !writes).toBe(true);
      expect(operatorReads || !(reads || operatorWrites)).toBe(true);
      expect(next).not.toContain(state);
      expect(next).not.toContain("provisioning");
      expect(new Set(next).size).toBe(next.length);
      expect(next.includes("retired")).toBe(state !== "retired" && state !== "erased");
      expect(next.includes("erased")).toBe(state === "retired");
    }
    expect(tenantStates.erased.next).toEqual([]);
  });

  test("are told from other values", () => {
    for (const value of ["", "Active", "toString", 1, null, undefined]) expect(isTenantState(value)).toBe(false);
  });
});
