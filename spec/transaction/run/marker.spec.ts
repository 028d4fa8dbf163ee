/** Markers: whose they are, what they say, and what makes one unreadable. */
import { describe, expect, test } from "vitest";
import type { EngineTransaction } from "../../../lib/engine/index.js";
import { Marker } from "../../../lib/transaction/run/marker.js";
import { arrayEngine } from "../../engine/array-engine.js";
import { codeOf } from "../fixture.js";

const key = Uint8Array.of(1);
const [before, after] = [Uint8Array.of(0), Uint8Array.of(2)];
const mine = new Uint8Array(16).fill(1);
const others = new Uint8Array(16).fill(2);
others[15] = 1;

async function written(value: Uint8Array | undefined): Promise<EngineTransaction> {
  const engine = arrayEngine();
  const transaction = engine.begin();
  if (value !== undefined) transaction.set(key, value);
  await transaction.commit();
  return engine.begin();
}

describe("a marker", () => {
  test("has these bytes: format, run, attempt, stamp, result", async () => {
    const engine = arrayEngine();
    const transaction = engine.begin();
    const stamp = transaction.getVersionstamp();
    new Marker(key, mine).write(transaction, 0x01020304, Uint8Array.of(7, 8));
    await transaction.commit();
    const value = await engine.begin().get(key);
    expect(value).toEqual(Uint8Array.from([1, ...mine, 1, 2, 3, 4, ...(await stamp), 7, 8]));
    const found = await new Marker(key, mine).find(engine.begin());
    expect(found).toEqual({
      attempt: 0x01020304,
      reused: false,
      versionstamp: await stamp,
      payload: Uint8Array.of(7, 8),
    });
  });

  test("of another run is nobody's when its key is used again, and everybody's under an idempotency key", async () => {
    const value = Uint8Array.from([1, ...others, 0, 0, 0, 1, ...new Uint8Array(10).fill(9), 5]);
    const engine = await written(value);
    expect(await new Marker(key, mine).find(engine)).toBeUndefined();
    const shared = {
      attempt: undefined,
      reused: false,
      versionstamp: new Uint8Array(10).fill(9),
      payload: Uint8Array.of(5),
    };
    expect(await new Marker(key, mine, []).find(engine)).toEqual(shared);
    expect(await new Marker(before, mine, [key]).find(engine)).toEqual(shared);
    expect(await new Marker(after, mine, [before, key]).find(engine)).toEqual(shared);
    expect(await new Marker(key, others).find(engine)).toMatchObject({ attempt: 1 });
    expect(await new Marker(after, others, [before]).find(engine)).toBeUndefined();
  });

  test("has what its call was asked for at the end of its run, where it was asked for anything", async () => {
    const engine = arrayEngine();
    const transaction = engine.begin();
    const stamp = transaction.getVersionstamp();
    const [print, other] = [new Uint8Array(8).fill(7), new Uint8Array(8).fill(8)];
    new Marker(key, mine, [], print).write(transaction, 3, Uint8Array.of(5));
    await transaction.commit();
    const value = await engine.begin().get(key);
    const run = [...mine.subarray(0, 8), ...print];
    expect(value).toEqual(Uint8Array.from([1, ...run, 0x80, 0, 0, 3, ...(await stamp), 5]));
    expect(mine).toEqual(new Uint8Array(16).fill(1));
    const found = (id: Uint8Array, asked: Uint8Array | undefined) =>
      new Marker(key, id, [], asked).find(engine.begin());
    expect(await found(mine, print)).toMatchObject({ attempt: 3, reused: false });
    expect(await found(others, print)).toMatchObject({ attempt: undefined, reused: false, payload: Uint8Array.of(5) });
    expect(await found(others, other)).toMatchObject({ attempt: undefined, reused: true });
    expect(await found(others, undefined)).toMatchObject({ attempt: undefined, reused: false });
  });

  test("of a program that kept no print is of any request", async () => {
    const value = Uint8Array.from([1, ...others, 0, 0, 0, 1, ...new Uint8Array(10), 5]);
    const marker = new Marker(key, mine, [], new Uint8Array(8).fill(7));
    expect(await marker.find(await written(value))).toMatchObject({ attempt: undefined, reused: false });
  });

  test("that is too short or of another format is corrupt; the shortest is none too short", async () => {
    const shortest = [1, ...mine, 0, 0, 0, 1, ...new Uint8Array(10)];
    expect(await new Marker(key, mine).find(await written(Uint8Array.from(shortest)))).toMatchObject({ attempt: 1 });
    for (const value of [shortest.slice(0, -1), [2, ...shortest.slice(1)], [2], []]) {
      expect(await codeOf(new Marker(key, mine).find(await written(Uint8Array.from(value))))).toBe("MARKER_CORRUPT");
    }
  });

  test("keeps other attempts out: of two that were not read, one is applied", async () => {
    const engine = arrayEngine();
    const attempts = [engine.begin(), engine.begin(), engine.begin()];
    for (const attempt of attempts) await attempt.getReadVersion();
    attempts.slice(0, 2).forEach((attempt, at) => {
      new Marker(key, mine).write(attempt, at + 1);
    });
    const [first, second, third] = attempts as [EngineTransaction, EngineTransaction, EngineTransaction];
    await first.commit();
    await expect(second.commit()).rejects.toMatchObject({ fdbCode: 1020 });
    // So does the one that asks.
    const late = engine.begin();
    await late.getReadVersion();
    new Marker(after, mine).write(late, 1);
    expect(await new Marker(after, mine).find(third)).toBeUndefined();
    new Marker(after, mine).fence(third);
    await third.commit();
    await expect(late.commit()).rejects.toMatchObject({ fdbCode: 1020 });
  });
});
