/** Cursors: whatever is not exactly the cursor sealed for this tenant, query, principal and day is one error. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isTenantryError } from "../../lib/errors/index.js";
import { cursorAgeMaxMs, cursorCharsMax, keyBytesMax } from "../../lib/limits/index.js";
import { type CursorBinding, type CursorKeyring, CursorSeal, cursorKey } from "../../lib/repository/cursor.js";
import { parseTenantId } from "../../lib/tenant/index.js";
import { runs } from "../runs.js";

const tenantId = parseTenantId("7b1985ce-0000-4000-8000-000000000000");
const neighbour = parseTenantId("7b1985ce-0000-4000-8000-000000000001");
const start = 1_700_000_000_000;

const secret = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);

const ring = (...fills: readonly number[]): CursorKeyring => {
  const keys = fills.map((fill) => cursorKey(secret(fill)));
  return {
    current: async () => keys[0] ?? cursorKey(secret(0)),
    find: async (id) => keys.find((key) => Buffer.compare(key.id, id) === 0),
  };
};

const seal = (now = start, keyring = ring(1)): CursorSeal => new CursorSeal(keyring, () => now);

const binding: CursorBinding = { tenantId, principal: undefined, query: Uint8Array.of(1, 2, 3) };

const directions = fc.constantFrom("next" as const, "previous" as const);
const cuts = fc.uint8Array({ maxLength: 64 });
const bindings = fc.record({
  tenantId: fc.constantFrom(tenantId, neighbour),
  principal: fc.option(fc.string(), { nil: undefined }),
  query: fc.uint8Array({ maxLength: 40 }),
});

async function assertRefused(cursor: unknown, by: CursorSeal, asked: CursorBinding): Promise<void> {
  const error: unknown = await by.open(cursor, asked).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(isTenantryError(error, "CURSOR_INVALID")).toBe(true);
  expect(error).toMatchObject({ message: "The cursor cannot be used.", details: {} });
  expect(error).not.toHaveProperty("cause");
}

describe("a cursor", () => {
  test("gives its position back to the binding it was sealed for, and to no other", async () => {
    await fc.assert(
      fc.asyncProperty(directions, cuts, bindings, bindings, async (direction, cut, own, other) => {
        const cursor = await seal().seal({ direction, cut }, own);
        expect(await seal().open(cursor, own)).toEqual({ direction, cut });
        const same =
          own.tenantId === other.tenantId &&
          own.principal === other.principal &&
          Buffer.compare(own.query, other.query) === 0;
        if (!same) await assertRefused(cursor, seal(), other);
      }),
      { numRuns: runs(200) },
    );
  });

  test("tells an absent principal from an empty one", async () => {
    const cursor = await seal().seal({ direction: "next", cut: Uint8Array.of(1) }, binding);
    await assertRefused(cursor, seal(), { ...binding, principal: "" });
  });

  test("with any one bit flipped is refused", async () => {
    const cursor = await seal().seal({ direction: "next", cut: Uint8Array.of(1, 2, 3, 4) }, binding);
    const bytes = Buffer.from(cursor, "base64url");
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      await assertRefused(flipped.toString("base64url"), seal(), binding);
    }
  });

  test("with any one character changed, lost or added is refused, also one that decoders skip", async () => {
    const cursor = await seal().seal({ direction: "next", cut: Uint8Array.of(9) }, binding);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(cursor.length),
        fc.nat(1),
        fc.constantFrom("", "A", "=", " ", "\n", "_", "é", "\0"),
        async (at, lost, text) => {
          const changed = cursor.slice(0, at) + text + cursor.slice(at + lost);
          if (changed !== cursor) await assertRefused(changed, seal(), binding);
        },
      ),
      { numRuns: runs(400) },
    );
  });

  test("that is none is refused, whatever it is", async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything(), (cursor) => assertRefused(cursor, seal(), binding)),
      { numRuns: runs(200) },
    );
    for (const length of [0, 1, cursorCharsMax, cursorCharsMax + 4, 1_000_000]) {
      await assertRefused("A".repeat(length), seal(), binding);
    }
  });

  test("of the longest key can be sealed and opened", async () => {
    const cut = new Uint8Array(keyBytesMax + 1).fill(7);
    const cursor = await seal().seal({ direction: "previous", cut }, binding);
    expect(cursor.length).toBeLessThanOrEqual(cursorCharsMax);
    expect(await seal().open(cursor, binding)).toEqual({ direction: "previous", cut });
  });

  test("is good for a day", async () => {
    const cursor = await seal().seal({ direction: "next", cut: Uint8Array.of(1) }, binding);
    expect(await seal(start + cursorAgeMaxMs - 1).open(cursor, binding)).toBeDefined();
    await assertRefused(cursor, seal(start + cursorAgeMaxMs), binding);
  });

  test("outlives the rotation of its key, until the key is gone", async () => {
    const cursor = await seal(start, ring(1)).seal({ direction: "next", cut: Uint8Array.of(1) }, binding);
    expect(await seal(start, ring(2, 1)).open(cursor, binding)).toBeDefined();
    await assertRefused(cursor, seal(start, ring(3, 2)), binding);
  });

  test("shows nothing of the key it was cut at", async () => {
    const cut = Buffer.from("a customer's name, as it stands in the key");
    const cursor = await seal().seal({ direction: "next", cut }, binding);
    expect(Buffer.from(cursor, "base64url").toString("latin1")).not.toContain("customer");
    expect(await seal().seal({ direction: "next", cut }, binding)).not.toBe(cursor);
  });
});
