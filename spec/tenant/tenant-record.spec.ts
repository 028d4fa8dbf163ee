/** Tenant records and states: what is stored comes back, and nothing else is taken for one. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isTenantryError } from "../../lib/errors/index.js";
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

const stored = (value: unknown): Uint8Array => Buffer.concat([Uint8Array.of(1), Buffer.from(JSON.stringify(value))]);

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
        }),
        (value) => {
          const bytes = encodeTenantRecord(value);
          expect(decodeTenantRecord(bytes)).toStrictEqual({ ...value });
          expect(bytes[0]).toBe(1);
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
  ])("refuse %s, both ways", (_, change, expected) => {
    expect(reason(() => encodeTenantRecord({ ...record, ...change }))).toBe(expected);
    expect(reason(() => decodeTenantRecord(stored({ ...record, ...change })))).toBe(expected);
  });

  test("refuse bytes that hold none", () => {
    const { name, ...nameless } = record;
    expect(reason(() => decodeTenantRecord(stored({ ...nameless, title: name })))).toBe("fields");
    expect(reason(() => decodeTenantRecord(stored(null)))).toBe("fields");
    expect(reason(() => decodeTenantRecord(stored([1, 2, 3, 4, 5, 6])))).toBe("fields");
    expect(reason(() => decodeTenantRecord(new Uint8Array(0)))).toBe("format");
    expect(reason(() => decodeTenantRecord(Buffer.from(JSON.stringify(record))))).toBe("format");
    expect(reason(() => decodeTenantRecord(encodeTenantRecord(record).fill(2, 0, 1)))).toBe("format");
    expect(reason(() => decodeTenantRecord(encodeTenantRecord(record).slice(0, -1)))).toBe("notJson");
    expect(reason(() => decodeTenantRecord(Uint8Array.of(1, 0x22, 0xff, 0x22)))).toBe("notJson");
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
      const { reads, writes } = tenantStates[state];
      return [state, `${reads ? "r" : "-"}${writes ? "w" : "-"}`];
    });
    expect(Object.fromEntries(permitted)).toEqual({
      active: "rw",
      readOnly: "r-",
      suspended: "--",
      quarantined: "--",
      retired: "--",
    });
  });

  test("writing needs reading, none leads to itself, and retired is the end all can reach", () => {
    for (const state of states) {
      const { reads, writes, next } = tenantStates[state];
      expect(reads || !writes).toBe(true);
      expect(next).not.toContain(state);
      expect(new Set(next).size).toBe(next.length);
      expect(next.includes("retired")).toBe(state !== "retired");
    }
    expect(tenantStates.retired.next).toEqual([]);
  });

  test("are told from other values", () => {
    for (const value of ["", "Active", "toString", 1, null, undefined]) expect(isTenantState(value)).toBe(false);
  });
});
