/** Kept results: their bytes, what is refused, and how large they may be. */
import { describe, expect, test } from "vitest";
import { isTenantryError } from "../../../lib/errors/index.js";
import { idempotentResultBytesMax } from "../../../lib/limits/index.js";
import { decodeResult, encodeResult } from "../../../lib/transaction/run/result.js";

const thrownBy = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

describe("a kept result", () => {
  test("has these bytes, which later versions have to read", () => {
    const kept = "18efc5de92010101a470616964";
    expect(Buffer.from(encodeResult("paid")).toString("hex")).toBe(kept);
    expect(decodeResult(Buffer.from(kept, "hex"))).toBe("paid");
  });

  test("of nothing is none, and one of null is null", () => {
    expect(encodeResult(undefined).length).toBeLessThan(encodeResult(null).length);
    expect([decodeResult(encodeResult(undefined)), decodeResult(encodeResult(null))]).toEqual([undefined, null]);
  });

  test("may be as large as the limit to the byte", () => {
    const around = encodeResult("x".repeat(70_000).slice(0, 60_000)).length - 60_000;
    const largest = "x".repeat(idempotentResultBytesMax - around);
    expect(encodeResult(largest)).toHaveLength(idempotentResultBytesMax);
    const refused = thrownBy(() => encodeResult(`${largest}x`));
    expect(refused).toMatchObject({ code: "IDEMPOTENT_RESULT_INVALID" });
    expect(isTenantryError(refused, "IDEMPOTENT_RESULT_INVALID") && refused.details).toStrictEqual({
      reason: "tooLarge",
      bytes: idempotentResultBytesMax + 1,
      idempotentResultBytesMax,
    });
  });

  test("that would not come back equal is refused with the reason", () => {
    const refused = thrownBy(() => encodeResult({ fn: () => 1 }));
    expect(refused).toMatchObject({ code: "IDEMPOTENT_RESULT_INVALID", cause: { code: "VALUE_UNSUPPORTED" } });
    if (!isTenantryError(refused, "IDEMPOTENT_RESULT_INVALID")) return expect.unreachable();
    const { cause } = refused;
    const reason = isTenantryError(cause, "VALUE_UNSUPPORTED") ? cause.details.reason : undefined;
    expect(refused.details).toStrictEqual({ reason, bytes: undefined, idempotentResultBytesMax });
    expect(reason).toBeTypeOf("string");
  });

  test("whose own code throws fails with that", () => {
    const mine = new RangeError("mine");
    const failing = new Proxy(
      {},
      {
        ownKeys() {
          throw mine;
        },
      },
    );
    expect(thrownBy(() => encodeResult(failing))).toBe(mine);
  });
});
