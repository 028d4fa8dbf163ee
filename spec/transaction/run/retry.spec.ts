/** Which errors are tried again, and after how long: FoundationDB's own codes and delays. */
import { describe, expect, test } from "vitest";
import { EngineError } from "../../../lib/engine/index.js";
import { tenantryError } from "../../../lib/errors/index.js";
import { retriesAtOnceMax } from "../../../lib/limits/index.js";
import { fdbCodeOf, isOutcomeUnknown, isRetryable, retryDelayMs } from "../../../lib/transaction/run/retry.js";

/** Longest delays by code, as FoundationDB's client has them. */
const longest: Readonly<Record<number, number>> = {
  1004: 1_000,
  1007: 10,
  1009: 10,
  1020: 1_000,
  1021: 1_000,
  1031: 1_000,
  1037: 1_000,
  1038: 1_000,
  1039: 1_000,
  1042: 30_000,
  1051: 1_000,
  1078: 30_000,
  1079: 1_000,
  1213: 1_000,
  1223: 1_000,
  1235: 1_000,
  1242: 1_000,
};
const codes = Object.keys(longest).map(Number);
const fatal = [0, 1000, 1036, 1101, 1500, 1510, 2004, 2005, 2017, 2101, 2103];
const unknown = [1021, 1025, 1031, 1039];

describe("an error", () => {
  test("has the engine's code when it is an engine's", () => {
    expect(fdbCodeOf(new EngineError(1020))).toBe(1020);
    for (const other of [new Error("mine"), tenantryError("TENANT_UNAVAILABLE", {}), { fdbCode: 1020 }, undefined]) {
      expect(fdbCodeOf(other)).toBeUndefined();
    }
  });

  test.each(codes)("%i is tried again, in the function and in the commit", (code) => {
    expect([isRetryable(code, false), isRetryable(code, true)]).toEqual([true, true]);
  });

  test("of another code, or of no engine, is not", () => {
    for (const code of fatal)
      expect([code, isRetryable(code, false), isRetryable(code, true)]).toEqual([code, false, false]);
    expect([isRetryable(undefined, false), isRetryable(undefined, true)]).toEqual([false, false]);
  });

  test("of a cancelled transaction is, when it was the commit that was cancelled", () => {
    expect([isRetryable(1025, false), isRetryable(1025, true)]).toEqual([false, true]);
  });

  test("leaves open whether a commit was applied when its code says so, or it has none", () => {
    for (const code of unknown) expect([code, isOutcomeUnknown(code)]).toEqual([code, true]);
    expect(isOutcomeUnknown(undefined)).toBe(true);
    for (const code of [...fatal, ...codes.filter((each) => !unknown.includes(each))]) {
      expect([code, isOutcomeUnknown(code)]).toEqual([code, false]);
    }
  });
});

describe("the delay", () => {
  test.each(codes)("of %i doubles from 10 ms to its longest", (code) => {
    const max = longest[code] ?? 0;
    for (let attempt = 1; attempt <= 16; attempt++) {
      expect(retryDelayMs(attempt, code, 1)).toBe(Math.min(10 * 2 ** (attempt - 1), max));
    }
    for (const attempt of [40, 2_000, 1_000_000]) expect(retryDelayMs(attempt, code, 1)).toBe(max);
  });

  test("of a code without one is that of a conflict, and a random part of it is waited", () => {
    expect(retryDelayMs(3, 1025, 1)).toBe(40);
    expect(retryDelayMs(30, 1025, 1)).toBe(1_000);
    expect([retryDelayMs(3, 1020, 0.5), retryDelayMs(30, 1078, 0.25), retryDelayMs(3, 1020, 0)]).toEqual([
      20, 7_500, 0,
    ]);
  });

  test("of a conflict is none at first where that helps, then as long as from the start", () => {
    const at = (attempt: number) => retryDelayMs(attempt, 1020, 1, true);
    expect([at(1), at(retriesAtOnceMax)]).toEqual([0, 0]);
    expect([1, 2, 3, 9].map((n) => at(retriesAtOnceMax + n))).toEqual([10, 20, 40, 1_000]);
    for (const code of codes.filter((each) => each !== 1020)) expect(retryDelayMs(1, code, 1, true)).toBe(10);
    expect(retryDelayMs(1, 1020, 1, false)).toBe(10);
  });
});
