/** The guard: whatever goes in or comes out, nothing but the tenant's own keys passes. */
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { isTenantryError } from "../../lib/errors/index.js";
import { TenantGuard, ViolationLog } from "../../lib/guard/index.js";
import { type KeyRange, Keyspace, subspacePrefix, subspaces } from "../../lib/keyspace/index.js";
import { keyBytesMax, selectorOffsetMax } from "../../lib/limits/index.js";
import { parseTenantId, type TenantId, tenantIdBytes, tenantIdFromBytes } from "../../lib/tenant/index.js";
import { compareBytes, concatBytes, pack, packWithVersionstamp, versionstamp } from "../../lib/tuple/index.js";
import { runs } from "../runs.js";
import { bytes, element } from "../tuple/elements.js";

const id = parseTenantId("3f2b8c1e-9a4d-4e6f-8b1a-0123456789aa");
const after = parseTenantId("3f2b8c1e-9a4d-4e6f-8b1a-0123456789ab");
const before = parseTenantId("3f2b8c1e-9a4d-4e6f-8b1a-0123456789a9");
const keyspace = new Keyspace();
const range = keyspace.tenant(id);
const reach = keyBytesMax - range.prefixLength;

let violations = new ViolationLog();
let guard = new TenantGuard(range, violations);
beforeEach(() => {
  violations = new ViolationLog();
  guard = new TenantGuard(range, violations);
});

/** What came of it: the result, or what the error says. */
const outcome = <T>(fn: () => T): T | string => {
  try {
    return fn();
  } catch (error) {
    if (isTenantryError(error, "ISOLATION_VIOLATION")) return error.details.reason;
    if (isTenantryError(error, "KEY_TOO_LARGE")) return error.code;
    throw error;
  }
};

const within = (key: Uint8Array, { begin, end }: KeyRange = range): boolean =>
  compareBytes(begin, key) <= 0 && compareBytes(key, end) < 0;

const outside = (value: unknown): Uint8Array => value as Uint8Array;

/** Relative bytes as an attacker would choose them: other tenants' prefixes, ends, tuples, long ones. */
const relative = fc.oneof(
  bytes,
  fc.array(element, { maxLength: 3 }).map((elements) => pack(elements)),
  fc.constantFrom(
    new Uint8Array(0),
    Uint8Array.of(0xff),
    Uint8Array.of(0xff, 0),
    Uint8Array.of(0xfe, 0xff),
    new Uint8Array(20).fill(0xff),
    keyspace.tenant(after).prefix,
    keyspace.tenant(before).end,
    keyspace.control.range.prefix,
    new Uint8Array(reach - 1),
    new Uint8Array(reach),
    new Uint8Array(reach + 1),
    new Uint8Array(reach + 2),
  ),
);

describe("keys", () => {
  test("assertStaysInTenant: a key goes in behind the tenant's prefix, or not at all", () => {
    fc.assert(
      fc.property(relative, (key) => {
        const physical = outcome(() => guard.key(key, "set"));
        if (key.length === 0 || key[0] === 0xff) expect(physical).toBe("keyOutside");
        else if (key.length > reach) expect(physical).toBe("KEY_TOO_LARGE");
        else {
          expect(physical).toStrictEqual(concatBytes(range.prefix, key));
          expect(within(outside(physical))).toBe(true);
          expect(guard.relative(outside(physical), "get")).toStrictEqual(Uint8Array.from(key));
        }
      }),
      { numRuns: runs(300) },
    );
  });

  test("what passed is a copy: the caller's bytes can change no more", () => {
    const key = Uint8Array.of(1, 2);
    const physical = guard.key(key, "set");
    key.fill(0xff);
    expect(within(physical)).toBe(true);
    expect(physical.buffer.byteLength).toBe(physical.length);
  });

  test("look-alikes of bytes are refused", () => {
    class Liar extends Uint8Array {
      override get length(): number {
        return 0;
      }
    }
    const likes = [
      new Proxy(Uint8Array.of(1), {}),
      [1],
      "a",
      undefined,
      null,
      new Uint16Array(1),
      new DataView(new ArrayBuffer(1)),
      { length: 1, 0: 1, [Symbol.toStringTag]: "Uint8Array" },
    ];
    for (const like of likes) expect(outcome(() => guard.key(outside(like), "get"))).toBe("notBytes");
    expect(() => guard.key(new Liar(3), "get")).toThrow();
    expect(violations.count).toBe(likes.length);
  });

  test("keys of every atomic operation are checked, unknown operations refused", () => {
    for (const op of ["add", "max", "byteMin", "compareAndClear", "appendIfFits", "setVersionstampedValue"]) {
      expect(guard.atomicKey(op, Uint8Array.of(1))).toEqual(range.absolute(Uint8Array.of(1)));
      expect(outcome(() => guard.atomicKey(op, Uint8Array.of(0xff)))).toBe("keyOutside");
    }
    for (const op of ["set_versionstamped_key", "SetVersionstampedKey", "", "constructor"]) {
      expect(outcome(() => guard.atomicKey(op, Uint8Array.of(1)))).toBe("unknownOperation");
    }
    expect(outcome(() => guard.atomicKey("setVersionstampedKey", Uint8Array.of(1)))).toBe("stampOutside");
  });
});

describe("ranges", () => {
  test("assertStaysInTenant: both ends stay, the exclusive one at most at the tenant's end", () => {
    fc.assert(
      fc.property(relative, relative, (begin, end) => {
        const physical = outcome(() => guard.range({ begin, end }, "clearRange"));
        if (typeof physical === "string") {
          const far = (bound: Uint8Array): boolean => compareBytes(bound, Uint8Array.of(0xff)) > 0;
          const long = Math.max(begin.length, end.length) > reach + 1;
          expect([far(begin) || far(end) ? "rangeOutside" : "", long ? "KEY_TOO_LARGE" : ""]).toContain(physical);
        } else {
          for (const bound of [physical.begin, physical.end]) {
            expect(compareBytes(range.begin, bound)).toBeLessThanOrEqual(0);
            expect(compareBytes(bound, range.end)).toBeLessThanOrEqual(0);
          }
          if (begin.length > 0) expect(physical.begin).toEqual(concatBytes(range.prefix, begin));
        }
      }),
      { numRuns: runs(400) },
    );
  });

  test("the whole tenant is from empty to 0xff", () => {
    const all = guard.range({ begin: new Uint8Array(0), end: Uint8Array.of(0xff) }, "clearRange");
    expect(all).toEqual({ begin: range.begin, end: range.end });
  });

  test("a range behind the tenant's end, or of no bytes, is refused", () => {
    const begin = Uint8Array.of(1);
    const reasons = [
      outcome(() => guard.range({ begin, end: Uint8Array.of(0xff, 0) }, "getRange")),
      outcome(() => guard.range({ begin: Uint8Array.of(0xff, 0xff), end: Uint8Array.of(0xff, 0xff, 1) }, "getRange")),
      outcome(() => guard.range({ begin, end: outside(undefined) }, "getRange")),
      outcome(() => guard.range({ begin: outside("a"), end: begin }, "getRange")),
    ];
    expect(reasons).toEqual(["rangeOutside", "rangeOutside", "notBytes", "notBytes"]);
  });

  test("a longest key still has an end behind it", () => {
    const key = new Uint8Array(reach).fill(1);
    expect(guard.key(key, "get")).toHaveLength(keyBytesMax);
    const { end } = guard.range({ begin: key, end: concatBytes(key, Uint8Array.of(0)) }, "addReadConflictRange");
    expect(end).toHaveLength(keyBytesMax + 1);
    const longer = { begin: key, end: new Uint8Array(reach + 2).fill(1) };
    expect(outcome(() => guard.range(longer, "getRange"))).toBe("KEY_TOO_LARGE");
  });
});

describe("selectors", () => {
  const compare = (a: Uint8Array, b: Uint8Array): number => compareBytes(a, b);
  const smallKey = fc
    .array(fc.constantFrom(0, 1, 2, 0xfe), { minLength: 1, maxLength: 2 })
    .map((l) => Uint8Array.from(l));
  const anchor = fc.oneof(smallKey, fc.constantFrom(new Uint8Array(0), Uint8Array.of(0xff)));

  /** FoundationDB's own meaning of a selector, over the tenant's keys alone. */
  const meaning = (keys: Uint8Array[], key: Uint8Array, orEqual: boolean, offset: number): Uint8Array | undefined => {
    const last = keys.findLastIndex((other) => compare(other, key) < (orEqual ? 1 : 0));
    return keys[last + offset];
  };

  test("find, among neighbours' keys, the key they name in the tenant alone", () => {
    const query = fc.tuple(fc.array(smallKey, { maxLength: 8 }), anchor, fc.boolean(), fc.integer({ min: -4, max: 5 }));
    fc.assert(
      fc.property(query, ([list, key, orEqual, offset]) => {
        const keys = [...new Map(list.map((item) => [item.join(), item])).values()].sort(compare);
        const store = [before, id, after].flatMap((tenant) =>
          keys.map((item) => keyspace.tenant(tenant).absolute(item)),
        );
        store.sort(compare);

        const read = guard.selector({ key, orEqual, offset });
        expect(compareBytes(range.begin, read.begin)).toBeLessThanOrEqual(0);
        expect(compareBytes(read.end, range.end)).toBeLessThanOrEqual(0);
        const rows = store.filter((item) => within(item, read));
        if (read.reverse) rows.reverse();
        const found = rows[read.limit - 1];
        const expected = meaning(keys, key, orEqual, offset);
        expect(found && guard.relative(found, "getKey")).toEqual(expected);
      }),
      { numRuns: runs(500) },
    );
  });

  test("refuse what is no selector of the tenant", () => {
    const key = Uint8Array.of(1);
    const shape = (over: object): string => {
      const result = outcome(() => guard.selector({ key, orEqual: false, offset: 1, ...over }));
      return typeof result === "string" ? result : "passed";
    };
    for (const offset of [1.5, Number.NaN, Number.POSITIVE_INFINITY, "1", undefined, selectorOffsetMax + 1]) {
      expect(shape({ offset })).toBe("selectorInvalid");
    }
    expect(shape({ offset: -selectorOffsetMax - 1 })).toBe("selectorInvalid");
    expect(shape({ offset: selectorOffsetMax })).toBe("passed");
    expect(shape({ offset: -selectorOffsetMax })).toBe("passed");
    expect(shape({ orEqual: 1 })).toBe("selectorInvalid");
    expect(shape({ key: "a" })).toBe("notBytes");
    expect(shape({ key: Uint8Array.of(0xff, 0) })).toBe("rangeOutside");
    expect(shape({ key: new Uint8Array(reach + 2) })).toBe("KEY_TOO_LARGE");
    expect(violations.count).toBe(10);
  });
});

describe("versionstamped keys", () => {
  const trailer = (at: number): Uint8Array => {
    const four = new Uint8Array(4);
    new DataView(four.buffer).setUint32(0, at, true);
    return four;
  };

  test("assertStaysInTenant: whatever the stamp will be, the key lies in the tenant", () => {
    const at = fc.oneof(fc.nat(30), fc.constantFrom(0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xffff_fff0, reach - 10));
    fc.assert(
      fc.property(relative, at, (body, place) => {
        const key = concatBytes(body, trailer(place));
        const physical = outcome(() => guard.versionstampedKey(key));
        if (typeof physical === "string") {
          const stampFits = place >= 1 && place + 10 <= body.length;
          const bodyFits = body.length > 0 && body[0] !== 0xff && body.length <= reach;
          expect(stampFits && bodyFits).toBe(false);
          return;
        }
        const target = new DataView(physical.buffer).getUint32(physical.length - 4, true);
        expect(target).toBe(range.prefixLength + place);
        for (const stamp of [0x00, 0xff]) {
          const stored = physical.slice(0, -4).fill(stamp, target, target + 10);
          expect(stored).toHaveLength(physical.length - 4);
          expect(within(stored)).toBe(true);
          expect(guard.relative(stored, "get")).toEqual(body.slice().fill(stamp, place, place + 10));
        }
      }),
      { numRuns: runs(500) },
    );
  });

  test("take what packWithVersionstamp makes", () => {
    const relativeKey = packWithVersionstamp([2, 1, versionstamp()]);
    const physical = guard.versionstampedKey(relativeKey);
    expect(physical).toEqual(packWithVersionstamp([2, 1, versionstamp()], range.prefix));
    expect(guard.atomicKey("setVersionstampedKey", relativeKey)).toEqual(physical);
  });

  test("refuse a stamp over the prefix, as the first byte, past the end, and keys without one", () => {
    const body = new Uint8Array(12).fill(1);
    const reasons = [0, 3, 0xffff_ffff - 5, 2 ** 32 - range.prefixLength].map((at) =>
      outcome(() => guard.versionstampedKey(concatBytes(body, trailer(at)))),
    );
    expect(reasons).toEqual(Array.from({ length: 4 }, () => "stampOutside"));
    expect(outcome(() => guard.versionstampedKey(concatBytes(body, trailer(1))))).toBeInstanceOf(Uint8Array);
    expect(outcome(() => guard.versionstampedKey(concatBytes(body, trailer(2))))).toBeInstanceOf(Uint8Array);
    for (const length of [0, 1, 3, 4]) {
      expect(outcome(() => guard.versionstampedKey(new Uint8Array(length)))).toBe("stampOutside");
    }
    const behind = concatBytes(new Uint8Array(20).fill(0xff), trailer(5));
    expect(outcome(() => guard.versionstampedKey(behind))).toBe("keyOutside");
    const longest = new Uint8Array(reach).fill(1);
    expect(outcome(() => guard.versionstampedKey(concatBytes(longest, trailer(1))))).toHaveLength(keyBytesMax + 4);
    expect(
      outcome(() => guard.versionstampedKey(new Uint8Array(reach + 5).fill(1, 0, reach + 1).fill(0, reach + 1))),
    ).toBe("stampOutside");
    const tooLong = concatBytes(new Uint8Array(reach + 1).fill(1), trailer(1));
    expect(outcome(() => guard.versionstampedKey(tooLong))).toBe("KEY_TOO_LARGE");
  });
});

describe("results", () => {
  test("no key of another tenant, of the control plane, or of no tenant comes back", () => {
    const other = fc.tuple(fc.integer({ min: 0, max: 127 }), bytes).map(([bit, rest]) => {
      const sixteen = tenantIdBytes(id);
      sixteen[bit >> 3] = Number(sixteen[bit >> 3]) ^ (1 << (bit & 7));
      return concatBytes(range.prefix.slice(0, -16), sixteen, rest);
    });
    const foreign = fc.oneof(
      other,
      bytes,
      bytes.map((rest) => concatBytes(keyspace.control.range.prefix, rest)),
      fc.constantFrom(range.prefix, range.end, concatBytes(range.end, Uint8Array.of(1)), new Uint8Array(0)),
    );
    fc.assert(
      fc.property(foreign, (key) => {
        expect(within(key)).toBe(false);
        expect(outcome(() => guard.relative(key, "getRange"))).toBe("resultOutside");
        expect(outcome(() => guard.checkResult(key, "getRange"))).toBe("resultOutside");
        expect(outcome(() => guard.checkResult(concatBytes(key, range.begin), "getRange", 0, key.length))).toBe(
          "resultOutside",
        );
        if (compareBytes(key, range.end) !== 0) {
          expect(outcome(() => guard.relativeBound(key, "getRangeSplitPoints"))).toBe("resultOutside");
        }
      }),
      { numRuns: runs(300) },
    );
  });

  test("what comes back has nothing but itself behind it", () => {
    const pool = Buffer.concat([
      Buffer.from("another tenant's"),
      range.absolute(Uint8Array.of(5, 6)),
      Buffer.from("rest"),
    ]);
    const row = pool.subarray(16, -4);
    for (const key of [guard.relative(row, "getRange"), guard.relativeBound(row, "getRangeSplitPoints")]) {
      expect(key).toStrictEqual(Uint8Array.of(5, 6));
      expect(key.buffer.byteLength).toBe(2);
    }
    expect(guard.checkResult(pool, "getRange", 16, 16 + row.length)).toBeUndefined();
    expect(guard.relativeBound(range.end, "getRangeSplitPoints")).toStrictEqual(Uint8Array.of(0xff));
  });
});

describe("a part of a tenant", () => {
  test("is guarded like a tenant: from there, no other part is reached", () => {
    const part = guard.within(subspacePrefix(subspaces.usage));
    expect(part.tenantId).toBe(id);
    const key = part.key(pack(["bytes"]), "set");
    expect(key).toEqual(range.absolute(pack([subspaces.usage, "bytes"])));
    expect(part.relative(key, "get")).toEqual(pack(["bytes"]));
    expect(part.prefixLength).toBe(guard.prefixLength + 2);
    expect(outcome(() => part.relative(range.absolute(pack(["city", 1])), "get"))).toBe("resultOutside");
    expect(outcome(() => part.key(Uint8Array.of(0xff), "set"))).toBe("keyOutside");
    expect(violations.count).toBe(2);
  });

  test("cannot be a part outside", () => {
    for (const prefix of [new Uint8Array(0), Uint8Array.of(0xff), Uint8Array.of(0xff, 1)]) {
      expect(outcome(() => guard.within(prefix))).toBe("keyOutside");
    }
  });
});

test("two guards of tenants that differ in one bit never share a key", () => {
  const bits = fc.integer({ min: 0, max: 127 }).filter((bit) => bit >> 3 !== 6 && bit >> 3 !== 8);
  fc.assert(
    fc.property(bits, relative, (bit, key) => {
      const sixteen = tenantIdBytes(id);
      sixteen[bit >> 3] = Number(sixteen[bit >> 3]) ^ (1 << (bit & 7));
      const neighbour: TenantId = tenantIdFromBytes(sixteen);
      const theirs = new TenantGuard(keyspace.tenant(neighbour));
      const physical = outcome(() => guard.key(key, "get"));
      if (typeof physical !== "string") {
        expect(outcome(() => theirs.checkResult(physical, "get"))).toBe("resultOutside");
      }
    }),
    { numRuns: runs(200) },
  );
});
