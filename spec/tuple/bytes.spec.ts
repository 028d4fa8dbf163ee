/** Byte strings: comparing, joining, and what comes after a prefix. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { isTenantryError } from "../../lib/errors/index.js";
import { compareBytes, concatBytes, equalBytes, keyAfter, strinc } from "../../lib/tuple/index.js";
import { runs } from "../runs.js";
import { bytes } from "./elements.js";

test("compareBytes and equalBytes agree with Buffer", () => {
  const pair = fc.oneof(
    fc.tuple(bytes, bytes),
    fc.tuple(bytes, bytes).map(([a, b]) => [a, concatBytes(a, b)] as const),
    bytes.map((a) => [a, Uint8Array.from(a)] as const),
  );
  fc.assert(
    fc.property(pair, ([a, b]) => {
      expect(Math.sign(compareBytes(a, b)) + 0).toBe(Buffer.compare(a, b) + 0);
      expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
    }),
    { numRuns: runs(300) },
  );
});

test("concatBytes joins into new bytes", () => {
  const a = Uint8Array.of(1, 2);
  const joined = concatBytes(a, new Uint8Array(0), Buffer.from("3"));
  a[0] = 9;
  expect(joined).toStrictEqual(Uint8Array.of(1, 2, 0x33));
});

test("keyAfter is the next key: nothing lies between", () => {
  fc.assert(
    fc.property(bytes, bytes, (key, other) => {
      const after = keyAfter(key);
      expect(compareBytes(key, after)).toBeLessThan(0);
      expect(compareBytes(other, key) <= 0 || compareBytes(other, after) >= 0).toBe(true);
    }),
    { numRuns: runs(200) },
  );
});

test("strinc is the first key after all with the prefix", () => {
  fc.assert(
    fc.property(bytes, bytes, (prefix, other) => {
      fc.pre(prefix.some((byte) => byte !== 0xff));
      const end = strinc(prefix);
      expect(compareBytes(concatBytes(prefix, other), end)).toBeLessThan(0);
      const begins = Buffer.from(other).subarray(0, prefix.length).equals(prefix);
      if (compareBytes(other, prefix) > 0 && !begins) expect(compareBytes(other, end)).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: runs(300) },
  );
  expect(strinc(Uint8Array.of(1, 0xff, 0xff))).toStrictEqual(Uint8Array.of(2));
});

test.each([[[]], [[0xff]], [[0xff, 0xff]]])("strinc of %j is refused", (list) => {
  try {
    strinc(Uint8Array.from(list));
    expect.unreachable();
  } catch (error) {
    expect(isTenantryError(error, "KEY_WITHOUT_SUCCESSOR")).toBe(true);
  }
});
