/** Rows shown in place: the same as those a range read copies, whatever the visitor does meanwhile. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type Engine,
  type EngineTransaction,
  memory,
  openEngine,
  type RangeOptions,
} from "../../../lib/engine/index.js";
import { compareBytes } from "../../../lib/tuple/index.js";
import { runs } from "../../runs.js";

type Row = [Uint8Array, Uint8Array];

const bytes = fc.uint8Array({ maxLength: 3, max: 3 });
const selector = (key: Uint8Array) => ({ key, orEqual: false, offset: 1 });

let engine: Engine;

beforeAll(async () => {
  engine = await openEngine(memory());
  const transaction = engine.begin();
  for (let n = 0; n < 200; n++) {
    const key = Uint8Array.of(n % 4, (n >> 2) % 4, n >> 4);
    transaction.set(key, new Uint8Array((n * 7) % 300).fill(n));
  }
  transaction.set(Uint8Array.of(1), new Uint8Array(20_000).fill(9));
  transaction.set(Uint8Array.of(2, 3), new Uint8Array());
  await transaction.commit();
});
afterAll(() => engine.close());

function reading(): EngineTransaction {
  const transaction = engine.begin();
  transaction.setOption("readYourWritesDisable");
  return transaction;
}

/** All rows of a range by the visitor, batch after batch. */
function visitAll(begin: Uint8Array, end: Uint8Array, options: RangeOptions, meanwhile: () => void): Row[] {
  const transaction = reading();
  const rows: Row[] = [];
  let [from, to] = [begin, end];
  for (;;) {
    const before = rows.length;
    const result = transaction.visitRange?.(from, to, { ...options, snapshot: true }, (key, kb, ke, value, vb, ve) => {
      const row: Row = [new Uint8Array(key.subarray(kb, ke)), new Uint8Array(value.subarray(vb, ve))];
      meanwhile();
      rows.push(row);
    });
    expect(result?.rows).toBe(rows.length - before);
    expect(result?.more).toBe(result?.last !== undefined);
    if (result?.last === undefined) return rows;
    expect(result.last).toEqual(rows.at(-1)?.[0]);
    if (options.reverse === true) to = result.last;
    else from = Uint8Array.of(...result.last, 0);
  }
}

test("what is visited is what a range read gives, in whatever batches", async () => {
  const options = fc.record({
    limit: fc.nat(30),
    reverse: fc.boolean(),
    targetBytes: fc.constantFrom(0, 1, 500, 5_000),
  });
  const property = fc.asyncProperty(bytes, bytes, options, fc.boolean(), async (a, b, read, disturbs) => {
    const [begin, end] = compareBytes(a, b) < 0 ? [a, b] : [b, a];
    const all = await reading().getRange(selector(begin), selector(end), { mode: "exact", limit: 1_000 });
    const other = reading();
    // Another read in the middle of a visit must neither be shown to it nor move it.
    const meanwhile = (): void => {
      if (!disturbs) return;
      void other.get(Uint8Array.of(1));
      void other.getRange(selector(Uint8Array.of(2)), selector(Uint8Array.of(3)));
      other.visitRange?.(Uint8Array.of(3), Uint8Array.of(4), { snapshot: true, limit: 2 }, () => {});
    };
    const expected = read.reverse ? all.rows.toReversed() : all.rows;
    expect(visitAll(begin, end, read, meanwhile)).toEqual(expected);
  });
  await fc.assert(property, { numRuns: runs(25) });
});

test("gives way where the transaction may see writes of its own, or conflict", () => {
  const visit = (transaction: EngineTransaction, snapshot: boolean): unknown =>
    transaction.visitRange?.(Uint8Array.of(0), Uint8Array.of(4), { snapshot }, () => {});
  expect(visit(engine.begin(), true)).toBeUndefined();
  expect(visit(reading(), false)).toBeUndefined();
  expect(visit(reading(), true)).toMatchObject({ more: false });
});

test("an error of the visitor ends the visit, and the next read is whole", async () => {
  const transaction = reading();
  const failing = (): never => {
    throw new RangeError("enough");
  };
  const range = [Uint8Array.of(0), Uint8Array.of(4)] as const;
  expect(() => transaction.visitRange?.(...range, { snapshot: true }, failing)).toThrow(RangeError);
  const { rows } = await transaction.getRange(selector(range[0]), selector(range[1]));
  expect(rows[0]).toEqual([Uint8Array.of(0, 0, 0), new Uint8Array()]);
});

test("refuses what a range read refuses", () => {
  const ended = reading();
  ended.cancel();
  const at = (transaction: EngineTransaction, end: Uint8Array): unknown =>
    transaction.visitRange?.(Uint8Array.of(0), end, { snapshot: true }, () => {});
  expect(() => at(ended, Uint8Array.of(4))).toThrow(expect.objectContaining({ fdbCode: 1025 }));
  expect(() => at(reading(), Uint8Array.of(0xff, 1))).toThrow(expect.objectContaining({ fdbCode: 2004 }));
});
