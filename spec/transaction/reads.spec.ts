/** Reads through a view: in place, in batches that end early, and rows that are not the tenant's. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Engine,
  type EngineTransaction,
  memory,
  openEngine,
  type RangeOptions,
  type RowVisitor,
} from "../../lib/engine/index.js";
import { isTenantryError } from "../../lib/errors/index.js";
import type { TenantTransaction } from "../../lib/transaction/index.js";
import { type Answers, failure, keyspace, opened, range, swallowed } from "./opened.js";

const all = { begin: Uint8Array.of(0), end: Uint8Array.of(0xff) };

let engine: Engine;

/** The tenant's keys 1 to 9, with neighbours on both sides. */
beforeAll(async () => {
  engine = await openEngine(memory());
  const writing = engine.begin();
  for (let n = 1; n <= 9; n++) writing.set(range.absolute(Uint8Array.of(n)), Uint8Array.of(n, n));
  for (const key of [keyspace.control.metaKey("format"), Uint8Array.of(0xf0)]) writing.set(key, Uint8Array.of(0));
  await writing.commit();
});
afterAll(() => engine.close());

/** An engine's transaction for reading. */
function stored(): EngineTransaction {
  const reading = engine.begin();
  reading.setOption("readYourWritesDisable");
  return reading;
}

/** Range reads that give two rows at a time, whatever is asked for. */
const inTwos = (inner: EngineTransaction): Answers => ({
  getRange: async (begin, end, options = {}) => {
    const limit = Math.min(2, options.limit || 2);
    const { rows, more } = await inner.getRange(begin, end, { ...options, limit });
    return { rows, more: more || rows.length === limit };
  },
});

describe("rows shown in place", () => {
  const shown = async (options: RangeOptions = {}) => {
    const setting = opened({ inner: stored() });
    const rows: [number[], number[]][] = [];
    const visited = setting.snapshot.visitRange(all, options, (key, keyBegin, keyEnd, value, begin, end) => {
      rows.push([[...key.subarray(keyBegin, keyEnd)], [...value.subarray(begin, end)]]);
    });
    return { ...setting, rows, visited };
  };

  test("have keys relative to the tenant, are counted, and end with the last one's key when more may follow", async () => {
    const { rows, visited, attempt, calls } = await shown({ limit: 2, reverse: true });
    expect(rows).toEqual([
      [[9], [9, 9]],
      [[8], [8, 8]],
    ]);
    expect(visited).toEqual({ rows: 2, more: true, last: Uint8Array.of(8) });
    expect(visited?.last?.buffer.byteLength).toBe(1);
    expect(attempt.rows).toBe(2);
    const [name, begin, end, options] = calls[0] ?? [];
    expect([name, begin, end]).toEqual(["visitRange", range.absolute(all.begin), range.absolute(all.end)]);
    expect(options).toStrictEqual({ limit: 2, reverse: true, snapshot: true });
  });

  test("end without a key when there are no more", async () => {
    const { rows, visited, attempt } = await shown();
    expect(rows.map(([key]) => key)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => [n]));
    expect(visited).toEqual({ rows: 9, more: false, last: undefined });
    expect(attempt.rows).toBe(9);
  });

  test("are none where the engine has no such way, or it gives way", async () => {
    const nowhere = (): void => expect.unreachable();
    const without = opened({ inner: stored(), answers: { visitRange: undefined } });
    expect(without.snapshot.visitRange(all, {}, nowhere)).toBeUndefined();
    const { read, attempt, calls } = opened({ inner: stored() });
    // It conflicts, which the engine's visit cannot.
    expect(read.visitRange(all, {}, nowhere)).toBeUndefined();
    expect(calls).toHaveLength(1);
    expect(attempt.rows).toBe(0);
  });

  test("are refused outside, by their name, and remembered; and are over with the attempt", async () => {
    const { view, attempt, calls } = opened({ inner: stored() });
    const beyond = { begin: Uint8Array.of(0xff, 1), end: Uint8Array.of(0xff, 2) };
    const visit = (at: typeof all) => () => view.visitRange(at, {}, () => {});
    const details = { operation: "getRange", reason: "rangeOutside" };
    expect(await failure(visit(beyond))).toEqual({ code: "ISOLATION_VIOLATION", details });
    await expect(swallowed(attempt)).rejects.toMatchObject({ code: "ISOLATION_VIOLATION" });
    attempt.end();
    expect(await failure(visit(all))).toEqual({ code: "TRANSACTION_ENDED", details: { operation: "getRange" } });
    expect(calls).toEqual([]);
  });

  test("let the visitor's error through, which is no violation", async () => {
    const { snapshot, attempt } = opened({ inner: stored() });
    const enough = new RangeError("enough");
    expect(() =>
      snapshot.visitRange(all, {}, () => {
        throw enough;
      }),
    ).toThrow(enough);
    await swallowed(attempt);
  });
});

describe("in batches that end early", () => {
  const selectors = [
    { key: Uint8Array.of(2), orEqual: false, offset: 5, found: 6 },
    { key: Uint8Array.of(2), orEqual: true, offset: 7, found: 9 },
    { key: Uint8Array.of(2), orEqual: true, offset: 8, found: undefined },
    { key: Uint8Array.of(8), orEqual: false, offset: -4, found: 3 },
    { key: Uint8Array.of(8), orEqual: false, offset: -6, found: 1 },
    { key: Uint8Array.of(8), orEqual: false, offset: -7, found: undefined },
    { key: Uint8Array.of(1), orEqual: false, offset: 2, found: 2 },
  ];

  test.each(selectors)("a key by position is found: $offset from $key", async ({ found, ...selector }) => {
    const inner = stored();
    const { view, attempt, calls } = opened({ inner, answers: inTwos(inner) });
    expect(await view.getKey(selector)).toEqual(found === undefined ? undefined : Uint8Array.of(found));
    const wanted = selector.offset > 0 ? selector.offset : 1 - selector.offset;
    expect(calls.map(([name]) => name)).toEqual(Array.from({ length: Math.ceil(wanted / 2) }, () => "getRange"));
    if (found !== undefined) expect(attempt.rows).toBe(wanted);
  });

  test("the first batch of a short range is the last", async () => {
    const inner = stored();
    const { view, calls } = opened({ inner });
    expect(await view.getKey({ key: Uint8Array.of(8), orEqual: true, offset: 5 })).toBeUndefined();
    expect(calls).toHaveLength(1);
  });
});

describe("what else there is to ask", () => {
  test("has the engine's answer", async () => {
    const inner = stored();
    const { view, snapshot } = opened({ inner });
    expect(await view.getReadVersion()).toBe(await inner.getReadVersion());
    expect(await snapshot.getReadVersion()).toBe(await inner.getReadVersion());
    view.set(Uint8Array.of(1), new Uint8Array(500));
    expect(await view.getApproximateSize()).toBe(await inner.getApproximateSize());
    expect(await view.getApproximateSize()).toBeGreaterThan(500);
  });

  test("passes on what was asked for and leaves out what was not", async () => {
    const { view, calls } = opened({ inner: stored() });
    await view.getRange(all, {});
    await view.getRange(all, { mode: "serial" });
    await view.getRange(all, { targetBytes: 9, iteration: 2 });
    expect(calls.map(([, , , options]) => options)).toStrictEqual([
      { snapshot: false },
      { snapshot: false, mode: "serial" },
      { snapshot: false, targetBytes: 9, iteration: 2 },
    ]);
  });
});

describe("a row of another tenant's, from a broken engine", () => {
  const foreign = Uint8Array.of(0xf0);
  const row: [Uint8Array, Uint8Array] = [foreign, Uint8Array.of(1)];
  const answers: Answers = {
    getRange: async () => ({ rows: [row], more: false }),
    getRangeSplitPoints: async () => [foreign],
    visitRange: (_begin, _end, _options, visit: RowVisitor) => {
      visit(foreign, 0, 1, row[1], 0, 1);
      return { rows: 1, more: false, last: undefined };
    },
  };
  const reads: Readonly<Record<string, (view: TenantTransaction) => unknown>> = {
    getKey: (view) => view.getKey({ key: all.begin, orEqual: false, offset: 1 }),
    getRange: (view) => view.getRange(all),
    "getRange in place": (view) => view.visitRange(all, {}, () => expect.unreachable()),
    getRangeSplitPoints: (view) => view.getRangeSplitPoints(all, 10),
  };

  test.each(Object.keys(reads))("is refused by %s, by its name, and remembered", async (name) => {
    const { view, attempt } = opened({ inner: stored(), answers });
    const refused = await failure(() => reads[name]?.(view));
    const operation = name.split(" ")[0];
    expect(refused).toEqual({ code: "ISOLATION_VIOLATION", details: { operation, reason: "resultOutside" } });
    await expect(swallowed(attempt)).rejects.toSatisfy((error) => isTenantryError(error, "ISOLATION_VIOLATION"));
  });

  test("is refused as the last key of a visit, too", async () => {
    const last = { ...answers, visitRange: () => ({ rows: 1, more: true, last: foreign }) };
    const { view, attempt } = opened({ inner: stored(), answers: last });
    const refused = await failure(() => view.visitRange(all, {}, () => {}));
    expect(refused.details).toEqual({ operation: "getRange", reason: "resultOutside" });
    await expect(swallowed(attempt)).rejects.toMatchObject({ code: "ISOLATION_VIOLATION" });
  });
});
