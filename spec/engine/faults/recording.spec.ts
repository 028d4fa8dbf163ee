/** The recording engine: every key a transaction touches is written down, and nothing conflicts that was not. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Engine, EngineError, type KeySelector, memory, openEngine } from "../../../lib/engine/index.js";
import { type Access, type RecordingEngine, recording } from "../../../lib/testing/index.js";
import { runs } from "../../runs.js";

let store: Engine;
let engine: RecordingEngine;

beforeAll(async () => {
  store = await openEngine(memory());
  engine = recording(store);
});

afterAll(() => engine.close());

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const latin1 = (key: Uint8Array): string => Buffer.from(key).toString("latin1");
const at = (text: string, offset = 0): KeySelector => ({ key: bytes(text), orEqual: false, offset: 1 + offset });

const print = ({ operation, kind, begin, end }: Access): string =>
  `${operation} ${kind} ${latin1(begin)}${end === undefined ? "" : `..${latin1(end)}`}`;

const put = async (...names: readonly string[]): Promise<void> => {
  const transaction = store.begin();
  transaction.clearRange(new Uint8Array(), Uint8Array.of(0xff));
  for (const name of names) transaction.set(bytes(name), bytes("1"));
  await transaction.commit();
};

describe("accesses", () => {
  test("of reads: what was asked, what came back, what conflicts", async () => {
    await put("a", "c", "e", "g");
    engine.take();
    const transaction = engine.begin();
    await transaction.get(bytes("a"));
    await transaction.get(bytes("b"), true);
    await transaction.getKey(at("b"));
    await transaction.getKey(at("c", -1), true);
    expect(engine.take().map(print)).toEqual([
      "get asked a",
      "get readConflict a",
      "get returned a",
      "get asked b",
      "getKey asked b",
      "getKey returned c",
      "getKey readConflict b..c\0",
      "getKey asked c",
      "getKey returned a",
    ]);
    const fresh = engine.begin();
    await fresh.getRange(at("a"), at("f"));
    await fresh.getRange(at("a"), at("z"), { limit: 1 });
    await fresh.getRange(at("a"), at("z"), { limit: 1, reverse: true });
    await fresh.getRange(at("a"), at("b"), { snapshot: true });
    await fresh.getRange(at("a", 1), at("a", 2));
    expect(
      engine
        .take()
        .map(print)
        .filter((line) => !line.includes("returned")),
    ).toEqual([
      "getRange asked a..f",
      "getRange readConflict a..f",
      "getRange asked a..z",
      "getRange readConflict a..a\0",
      "getRange asked a..z",
      "getRange readConflict g..z",
      "getRange asked a..b",
      "getRange asked a..a",
      "getRange readConflict a..\xff",
    ]);
  });

  test("of writes, watches, conflict ranges and estimates", async () => {
    await put();
    engine.take();
    const transaction = engine.begin();
    transaction.set(bytes("a"), bytes("1"));
    transaction.setOption("nextWriteNoWriteConflictRange");
    transaction.clear(bytes("b"));
    transaction.clearRange(bytes("c"), bytes("d"));
    transaction.atomic("add", bytes("e"), bytes("1"));
    transaction.addReadConflictRange(bytes("f"), bytes("g"));
    transaction.addWriteConflictRange(bytes("h"), bytes("i"));
    transaction.watch(bytes("j"));
    await transaction.getEstimatedRangeSizeBytes(bytes("k"), bytes("l"));
    await transaction.getRangeSplitPoints(bytes("m"), bytes("n"), 1_000);
    expect(engine.take().map(print)).toEqual([
      "set written a",
      "set writeConflict a",
      "clear written b",
      "clearRange written c..d",
      "clearRange writeConflict c..d",
      "add written e",
      "add writeConflict e",
      "addReadConflictRange readConflict f..g",
      "addWriteConflictRange writeConflict h..i",
      "watch watched j",
      "getEstimatedRangeSizeBytes asked k..l",
      "getRangeSplitPoints asked m..n",
      "getRangeSplitPoints returned m",
      "getRangeSplitPoints returned n",
    ]);
    transaction.cancel();
  });

  test("of a versionstamped key: all keys it may become", async () => {
    engine.take();
    const transaction = engine.begin();
    const key = Buffer.concat([bytes("k"), new Uint8Array(10), bytes("!"), Uint8Array.of(1, 0, 0, 0)]);
    transaction.atomic("setVersionstampedKey", key, bytes("v"));
    transaction.atomic("setVersionstampedKey", bytes("xy"), bytes("v"));
    const [written, , short] = engine.take();
    expect(written?.begin).toEqual(Uint8Array.from([0x6b, ...new Array(10).fill(0), 0x21]));
    expect(written?.end).toEqual(Uint8Array.from([0x6b, ...new Array(10).fill(0xff), 0x21, 0]));
    expect(short).toMatchObject({ kind: "written", end: undefined });
    transaction.cancel();
  });

  test("are copies: changing a key after the call does not change the record", () => {
    engine.take();
    const key = bytes("a");
    engine.begin().set(key, bytes("1"));
    key.fill(0);
    expect(engine.take().map(print)[0]).toBe("set written a");
  });
});

const keyArbitrary = fc.constantFrom("a", "b", "c", "d", "e", "f").map(bytes);
const selectorArbitrary = fc.record({
  key: keyArbitrary,
  orEqual: fc.boolean(),
  offset: fc.integer({ min: -2, max: 3 }),
});
const readArbitrary = fc.oneof(
  fc.record({ read: fc.constant("get" as const), key: keyArbitrary }),
  fc.record({ read: fc.constant("getKey" as const), selector: selectorArbitrary }),
  fc.record({
    read: fc.constant("getRange" as const),
    begin: selectorArbitrary,
    end: selectorArbitrary,
    limit: fc.nat(3),
    reverse: fc.boolean(),
  }),
);

test("whatever makes a transaction conflict is under a recorded read conflict", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e", "f")),
      fc.array(readArbitrary, { minLength: 1, maxLength: 3 }),
      keyArbitrary,
      async (rows, reads, changed) => {
        await put(...rows);
        engine.take();
        const transaction = engine.begin();
        for (const read of reads) {
          if (read.read === "get") await transaction.get(read.key);
          else if (read.read === "getKey") await transaction.getKey(read.selector);
          else await transaction.getRange(read.begin, read.end, { limit: read.limit, reverse: read.reverse });
        }
        transaction.set(bytes("unrelated"), bytes("1"));
        const writer = store.begin();
        writer.set(changed, bytes("2"));
        await writer.commit();
        const conflicts = await transaction.commit().then(
          () => false,
          (error: unknown) => error instanceof EngineError && error.fdbCode === 1020,
        );
        const recorded = engine
          .take()
          .filter(({ kind }) => kind === "readConflict")
          .some(({ begin, end }) =>
            end === undefined
              ? Buffer.compare(begin, changed) === 0
              : Buffer.compare(begin, changed) <= 0 && Buffer.compare(changed, end) < 0,
          );
        if (conflicts) expect(recorded).toBe(true);
      },
    ),
    { numRuns: runs(150) },
  );
});
