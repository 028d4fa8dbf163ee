/** The bytes of what is stored of usage. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeHolder, encodeHolder } from "../../lib/quota/connection/holder.js";
import { decodeBucket, encodeBucket } from "../../lib/quota/rate/bucket.js";
import { decodeCounts, encodeCounts } from "../../lib/quota/usage/count.js";
import { claimed, connections, entityAccount, storage, UsageKeys } from "../../lib/quota/usage/resource.js";
import { decodeState, emptyState, encodeState } from "../../lib/quota/usage/usage-state.js";
import { runs } from "../runs.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Adds as an atomic addition does. */
function added(a: Uint8Array, b: Uint8Array): Uint8Array {
  const sum = new Uint8Array(a.length);
  let carry = 0;
  for (let i = 0; i < a.length; i++) {
    carry += Number(a[i]) + Number(b[i]);
    sum[i] = carry;
    carry >>= 8;
  }
  return sum;
}

test("counts that are added to as one integer are added to one by one, whatever their signs", () => {
  const count = fc.oneof(
    fc.integer(),
    fc.integer({ min: -(2 ** 50), max: 2 ** 50 }),
    fc.constantFrom(0, -1, 1, 2 ** 32),
  );
  const counts = fc
    .integer({ min: 1, max: 3 })
    .chain((length) => fc.array(count, { minLength: length, maxLength: length }));
  const pairs = counts.chain((some) =>
    fc.tuple(fc.constant(some), fc.array(count, { minLength: some.length, maxLength: some.length })),
  );
  fc.assert(
    fc.property(pairs, ([a, b]) => {
      expect(decodeCounts(encodeCounts(a), a.length)).toEqual(a.map((each) => each + 0));
      const sums = a.map((each, n) => each + Number(b[n]));
      expect(decodeCounts(added(encodeCounts(a), encodeCounts(b)), a.length)).toEqual(sums.map((each) => each + 0));
    }),
    { numRuns: runs(300) },
  );
});

describe("what is stored of usage", () => {
  test("has these keys", () => {
    const keys = UsageKeys.ofTenant;
    expect(hex(keys.state)).toBe("150314");
    expect(hex(keys.used(entityAccount("a")))).toBe("15031501150102" + "6100");
    expect(hex(keys.used(claimed("a")))).toBe("15031501150302" + "6100");
    expect(hex(keys.used(connections))).toBe("150315011504");
    expect(hex(keys.slot(storage, 63))).toBe("150315021502" + "153f");
    expect(hex(keys.recounted(entityAccount("a")))).toBe("15031503150102" + "6100");
    expect(hex(keys.claim("a", "b"))).toBe("1503150402" + "6100" + "026200");
    expect(hex(keys.rate("a"))).toBe("1503150502" + "6100");
    expect(hex(keys.holder(Uint8Array.of(7)))).toBe("15031506" + "010700");
    expect(hex(UsageKeys.ofHook.state)).toBe("14");
  });

  test("has these values, and refuses others", () => {
    expect(hex(encodeCounts([258]))).toBe("0201000000000000");
    expect(hex(encodeCounts([2, 1]))).toBe("0100000000000000" + "0200000000000000");
    expect(hex(encodeCounts([0, -1]))).toBe("ff".repeat(16));
    expect(hex(encodeBucket({ tokens: 1, at: 2 }))).toBe("013ff00000000000004000000000000000");
    expect(decodeBucket(encodeBucket({ tokens: 1.5, at: 7 }))).toEqual({ tokens: 1.5, at: 7 });
    expect(hex(encodeHolder({ expiresAt: 2, count: 3 }))).toBe("01400000000000000000000003");
    expect(decodeHolder(encodeHolder({ expiresAt: 9.5, count: 1 }))).toEqual({ expiresAt: 9.5, count: 1 });
    const state = {
      limits: { seats: [5], "entity:note": [null, 7] },
      recount: { token: "ab", entity: "note", position: "1507" },
    };
    expect(Buffer.from(encodeState(state)).toString("latin1")).toBe(
      '\x01{"limits":{"seats":[5],"entity:note":[null,7]},"recount":{"token":"ab","entity":"note","position":"1507"}}',
    );
    expect(decodeState(encodeState(state))).toEqual(state);
    expect(decodeState(undefined)).toEqual(emptyState);
    expect(decodeCounts(undefined, 2)).toEqual([0, 0]);
  });

  test.each<[string, () => unknown]>([
    ["a short count", () => decodeCounts(new Uint8Array(7), 1)],
    ["a count that is no number", () => decodeCounts(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x40), 1)],
    ["a holder of another format", () => decodeHolder(new Uint8Array(13))],
    ["a state of another format", () => decodeState(Uint8Array.of(2, 0x7b, 0x7d))],
    ["a state that is no JSON", () => decodeState(Uint8Array.of(1, 0x7b))],
    ["a state without limits", () => decodeState(Buffer.from('\x01{"recount":null}'))],
    ["a limit that is text", () => decodeState(Buffer.from('\x01{"limits":{"a":["5"]},"recount":null}'))],
    ["a recount without a token", () => decodeState(Buffer.from('\x01{"limits":{},"recount":{}}'))],
  ])("%s is corrupt", (_, decode) => {
    expect(decode).toThrow(expect.objectContaining({ code: "QUOTA_CORRUPT" }));
  });
});
