/** What the adapter itself does between the port and the binding. */
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  fromNative,
  optionToNative,
  toInt32,
  toNative,
  versionFromNative,
  versionToNative,
} from "../../../lib/engine/foundationdb/bytes.js";
import { openFoundationDb } from "../../../lib/engine/foundationdb/engine.js";
import { fdbCodeOf, toEngineError } from "../../../lib/engine/foundationdb/errors.js";
import { type Engine, EngineError, memory, openEngine } from "../../../lib/engine/index.js";
import { tenantryError } from "../../../lib/errors/index.js";
import { runs } from "../../runs.js";
import { type NativeDouble, nativeDouble } from "./native-double.js";

let store: Engine;
let native: NativeDouble;
let engine: Engine;
const unhandled: unknown[] = [];
const note = (error: unknown): void => {
  unhandled.push(error);
};

beforeAll(async () => {
  store = await openEngine(memory());
  native = nativeDouble({ engine: store });
  engine = await openFoundationDb({}, async () => native);
  process.on("unhandledRejection", note);
});

afterEach(async () => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(unhandled.splice(0)).toEqual([]);
});

afterAll(async () => {
  process.off("unhandledRejection", note);
  await engine.close();
  await store.close();
});

const key = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("bytes", () => {
  test("a view goes to the binding as it is: its offset and length, not its whole buffer", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(8), fc.nat(8), (bytes, before, after) => {
        const view = Uint8Array.from([...new Array(before).fill(1), ...bytes, ...new Array(after).fill(2)]).subarray(
          before,
          before + bytes.length,
        );
        const buffer = toNative(view);
        expect(Buffer.isBuffer(buffer)).toBe(true);
        expect([...buffer]).toEqual([...bytes]);
        expect([...fromNative(buffer)]).toEqual([...bytes]);
      }),
      { numRuns: runs(200) },
    );
  });

  test("what comes back is a plain Uint8Array, whose slice copies", () => {
    const bytes = fromNative(Buffer.from("abc"));
    expect(Buffer.isBuffer(bytes)).toBe(false);
    bytes.slice().fill(0);
    expect(bytes).toEqual(key("abc"));
  });

  test("versions survive the way there and back, the negative one too", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -1n, max: 2n ** 63n - 1n }), (version) => {
        expect(versionFromNative(versionToNative(version))).toBe(version);
      }),
      { numRuns: runs(200) },
    );
  });

  test("numbers stay in a C int, on their own side of zero", () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        const int = toInt32(value);
        expect(int | 0).toBe(int);
        if (Math.abs(value) < 2 ** 31) expect(int).toBe(Math.trunc(value) | 0);
        else if (!Number.isNaN(value)) expect(Math.sign(int)).toBe(Math.sign(value));
      }),
      { numRuns: runs(500) },
    );
  });

  test("option values are encoded by type, and refused when they are of another", () => {
    expect(optionToNative("none", undefined)).toBeNull();
    expect(optionToNative("int", 5)).toBe(5);
    expect(optionToNative("string", "é")).toEqual(Buffer.from([0xc3, 0xa9]));
    for (const [type, value] of [
      ["none", 1],
      ["int", "1"],
      ["int", 1.5],
      ["int", Number.POSITIVE_INFINITY],
      ["int", undefined],
      ["string", 1],
      ["string", undefined],
    ] as const) {
      expect(() => optionToNative(type, value)).toThrow(expect.objectContaining({ fdbCode: 2006 }));
    }
  });
});

describe("errors", () => {
  test("the binding's errors keep their number, whatever else goes wrong is 2000 with its cause", () => {
    const native = Object.assign(new Error("Transaction not committed"), { code: 1020 });
    expect(toEngineError(native)).toMatchObject({ fdbCode: 1020, cause: native });
    const refusal = new Error("Invalid arguments");
    expect(toEngineError(refusal)).toMatchObject({ fdbCode: 2000, cause: refusal });
    expect(fdbCodeOf(Object.assign(new Error("x"), { code: "ENOENT" }))).toBeUndefined();
    expect(fdbCodeOf("no error")).toBeUndefined();
    const own = new EngineError(1007);
    expect(toEngineError(own)).toBe(own);
  });

  test("onError takes engine errors only, and gives back the very error it does not retry", async () => {
    const fatal = new EngineError(2101);
    await expect(engine.begin().onError(fatal)).rejects.toBe(fatal);
    // A DOMException has a numeric code, and is none of FoundationDB's.
    const aborted = new DOMException("aborted", "AbortError");
    await expect(engine.begin().onError(aborted)).rejects.toBe(aborted);
    const other = tenantryError("ENGINE_CLOSED", { engine: "x" });
    await expect(engine.begin().onError(other)).rejects.toBe(other);
    await engine.begin().onError(new EngineError(1020));
  });

  test("options by name: an unknown one is 2007, a value of the wrong type 2006", () => {
    const transaction = engine.begin();
    const set = (name: string, value?: number | string): void =>
      transaction.setOption(name as Parameters<typeof transaction.setOption>[0], value);
    expect(() => set("fast")).toThrow(expect.objectContaining({ fdbCode: 2007 }));
    expect(() => set("toString")).toThrow(expect.objectContaining({ fdbCode: 2007 }));
    expect(() => set("timeout", "1")).toThrow(expect.objectContaining({ fdbCode: 2006 }));
    set("timeout", 1_000);
  });
});

describe("promises nobody looks at", () => {
  test("a versionstamp that never comes ends with its transaction and not with the process", async () => {
    const transaction = engine.begin();
    transaction.getVersionstamp();
    transaction.cancel();
    const reader = engine.begin();
    reader.getVersionstamp();
    await reader.commit();
  });

  test("a watch that is cancelled, or whose transaction is, says so with its own code", async () => {
    const transaction = engine.begin();
    const [one, other] = [transaction.watch(key("a")), transaction.watch(key("b"))];
    await transaction.commit();
    one.cancel();
    other.cancel();
    await expect(one.fired).rejects.toMatchObject({ fdbCode: 1101 });
    const abandoned = engine.begin();
    abandoned.watch(key("c"));
    abandoned.reset();
  });
});

describe("offsets and limits beyond a C int", () => {
  test("stay beyond the end instead of wrapping round", async () => {
    const transaction = engine.begin();
    transaction.set(key("a"), key("1"));
    const found = await transaction.getKey({ key: key("a"), orEqual: false, offset: 2 ** 31 + 1 });
    expect([...found]).toEqual([0xff]);
    const at = (text: string): { key: Uint8Array; orEqual: boolean; offset: number } => ({
      key: key(text),
      orEqual: false,
      offset: 1,
    });
    const { rows } = await transaction.getRange(at("a"), at("b"), { limit: 2 ** 31 + 1, targetBytes: 2 ** 40 });
    expect(rows).toHaveLength(1);
  });
});

describe("closing", () => {
  test("waits for the commit under way, ends everything else, and leaves nothing that holds the process", async () => {
    const own = nativeDouble({ engine: store });
    const opened = await openFoundationDb({}, async () => own);
    const writer = opened.begin();
    writer.set(key("written"), key("1"));
    const committing = writer.commit();
    const watcher = opened.begin();
    const watch = watcher.watch(key("watched"));
    await watcher.commit();
    const [waiting, idle] = [opened.begin(), opened.begin()];
    const stamp = waiting.getVersionstamp();
    await opened.close();
    await committing;
    await expect(watch.fired).rejects.toMatchObject({ fdbCode: 1101 });
    await expect(stamp).rejects.toMatchObject({ fdbCode: 1025 });
    expect([own.openDatabases, own.outstanding]).toEqual([0, 0]);
    await opened.close();
    expect(() => opened.begin()).toThrow(expect.objectContaining({ code: "ENGINE_CLOSED" }));
    await expect(waiting.get(key("a"))).rejects.toMatchObject({ fdbCode: 1025 });
    await expect(waiting.watch(key("a")).fired).rejects.toMatchObject({ fdbCode: 1025 });
    await expect(idle.get(key("a"))).rejects.toMatchObject({ fdbCode: 1025 });
    await expect(idle.commit()).rejects.toMatchObject({ fdbCode: 1025 });
    expect(await engine.begin().get(key("written"))).toEqual(key("1"));
  });
});
