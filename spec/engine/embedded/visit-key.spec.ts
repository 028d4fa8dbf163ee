/** A value shown in place: the one that `get` gives, in whatever state the transaction is, with the same conflicts. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Engine, type EngineTransaction, memory, openEngine } from "../../../lib/engine/index.js";
import { runs } from "../../runs.js";

const key = (n: number): Uint8Array => Uint8Array.of(7, n);
const longest = 4_025;

let engine: Engine;

beforeAll(async () => {
  engine = await openEngine(memory());
  const transaction = engine.begin();
  for (let n = 0; n < 8; n += 2) transaction.set(key(n), new Uint8Array(n * 300).fill(n));
  await transaction.commit();
});
afterAll(() => engine.close());

/** The value as `visitKey` shows it; then, still in the middle of it, other reads are made. */
function shown(transaction: EngineTransaction, at: Uint8Array, snapshot: boolean): Uint8Array | undefined {
  let value: Uint8Array | undefined;
  const found = transaction.visitKey?.(at, snapshot, (bytes, begin, end) => {
    value = new Uint8Array(bytes.subarray(begin, end));
    void engine.begin().get(key(2));
    engine.begin().visitKey?.(key(4), true, () => {});
  });
  expect(found).toBe(value !== undefined);
  return value;
}

test("it is what get gives, whatever was read and written before", async () => {
  const step = fc.record({
    n: fc.nat(9),
    write: fc.constantFrom("set", "clear", "append", "none"),
    snapshot: fc.boolean(),
  });
  const property = fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.boolean(), async (steps, direct) => {
    const [one, other] = [engine.begin(), engine.begin()];
    for (const transaction of [one, other]) if (direct) transaction.setOption("readYourWritesDisable");
    for (const { n, write, snapshot } of steps) {
      for (const transaction of [one, other]) {
        if (write === "set") transaction.set(key(n), Uint8Array.of(n, 1));
        if (write === "clear") transaction.clear(key(n));
        if (write === "append") transaction.atomic("appendIfFits", key(n), Uint8Array.of(n));
      }
      expect(shown(one, key(n), snapshot)).toEqual(await other.get(key(n), snapshot));
    }
    expect(await one.getApproximateSize()).toBe(await other.getApproximateSize());
  });
  await fc.assert(property, { numRuns: runs(60) });
});

test("what it read conflicts unless it is a snapshot read", async () => {
  for (const snapshot of [true, false]) {
    const transaction = engine.begin();
    shown(transaction, key(2), snapshot);
    transaction.set(key(100), Uint8Array.of(1));
    const meanwhile = engine.begin();
    meanwhile.set(key(2), Uint8Array.of(2));
    await meanwhile.commit();
    if (snapshot) await transaction.commit();
    else await expect(transaction.commit()).rejects.toMatchObject({ fdbCode: 1020 });
  }
});

test("refuses what get refuses, and finds nothing under a key too long to be there", () => {
  for (const direct of [true, false]) {
    const reading = engine.begin();
    if (direct) reading.setOption("readYourWritesDisable");
    expect(() => shown(reading, Uint8Array.of(0xff, 1), true)).toThrow(expect.objectContaining({ fdbCode: 2004 }));
    expect(shown(reading, new Uint8Array(longest + 1), true)).toBeUndefined();
    reading.cancel();
    expect(() => shown(reading, key(0), true)).toThrow(expect.objectContaining({ fdbCode: 1025 }));
  }
});

test("an error of the visitor is thrown, and the next read is a copy again", async () => {
  const transaction = engine.begin();
  transaction.setOption("readYourWritesDisable");
  const failing = (): never => {
    throw new RangeError("enough");
  };
  expect(() => transaction.visitKey?.(key(4), true, failing)).toThrow(RangeError);
  expect(await transaction.get(key(4))).toEqual(new Uint8Array(1_200).fill(4));
});
