/** The bytes of what is stored of usage. */
import { describe, expect, test } from "vitest";
import { decodeHolder, encodeHolder } from "../../lib/quota/connection/holder.js";
import { decodeBucket, encodeBucket } from "../../lib/quota/rate/bucket.js";
import { decodeCount, encodeCount } from "../../lib/quota/usage/count.js";
import { bytesOf, claimed, connections, recordsOf, storage, UsageKeys } from "../../lib/quota/usage/resource.js";
import { decodeState, emptyState, encodeState } from "../../lib/quota/usage/usage-state.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("what is stored of usage", () => {
  test("has these keys", () => {
    const keys = UsageKeys.ofTenant;
    expect(hex(keys.state)).toBe("150314");
    expect(hex(keys.used(recordsOf("a")))).toBe("15031501150102" + "6100");
    expect(hex(keys.used(bytesOf("a")))).toBe("15031501150202" + "6100");
    expect(hex(keys.used(storage))).toBe("150315011503");
    expect(hex(keys.used(claimed("a")))).toBe("15031501150402" + "6100");
    expect(hex(keys.used(connections))).toBe("150315011505");
    expect(hex(keys.slot(storage, 63))).toBe("150315021503" + "153f");
    expect(hex(keys.recounted(recordsOf("a")))).toBe("15031503150102" + "6100");
    expect(hex(keys.claim("a", "b"))).toBe("1503150402" + "6100" + "026200");
    expect(hex(keys.rate("a"))).toBe("1503150502" + "6100");
    expect(hex(keys.holder(Uint8Array.of(7)))).toBe("15031506" + "010700");
    expect(hex(UsageKeys.ofHook.state)).toBe("14");
  });

  test("has these values, and refuses others", () => {
    expect(hex(encodeCount(258))).toBe("0201000000000000");
    expect(decodeCount(encodeCount(-3))).toBe(-3);
    expect(hex(encodeBucket({ tokens: 1, at: 2 }))).toBe("013ff00000000000004000000000000000");
    expect(decodeBucket(encodeBucket({ tokens: 1.5, at: 7 }))).toEqual({ tokens: 1.5, at: 7 });
    expect(hex(encodeHolder({ expiresAt: 2, count: 3 }))).toBe("01400000000000000000000003");
    expect(decodeHolder(encodeHolder({ expiresAt: 9.5, count: 1 }))).toEqual({ expiresAt: 9.5, count: 1 });
    const state = { limits: { seats: 5 }, recount: { token: "ab", entity: "note", position: "1507" } };
    expect(Buffer.from(encodeState(state)).toString("latin1")).toBe(
      '\x01{"limits":{"seats":5},"recount":{"token":"ab","entity":"note","position":"1507"}}',
    );
    expect(decodeState(encodeState(state))).toEqual(state);
    expect(decodeState(undefined)).toEqual(emptyState);
    expect(decodeCount(undefined)).toBe(0);
  });

  test.each<[string, () => unknown]>([
    ["a short count", () => decodeCount(new Uint8Array(7))],
    ["a count that is no number", () => decodeCount(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x40))],
    ["a holder of another format", () => decodeHolder(new Uint8Array(13))],
    ["a state of another format", () => decodeState(Uint8Array.of(2, 0x7b, 0x7d))],
    ["a state that is no JSON", () => decodeState(Uint8Array.of(1, 0x7b))],
    ["a state without limits", () => decodeState(Buffer.from('\x01{"recount":null}'))],
    ["a limit that is text", () => decodeState(Buffer.from('\x01{"limits":{"a":"5"},"recount":null}'))],
    ["a recount without a token", () => decodeState(Buffer.from('\x01{"limits":{},"recount":{}}'))],
  ])("%s is corrupt", (_, decode) => {
    expect(decode).toThrow(expect.objectContaining({ code: "QUOTA_CORRUPT" }));
  });
});
