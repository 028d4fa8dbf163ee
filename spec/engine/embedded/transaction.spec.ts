/** What the recorded histories leave out: time, sizes, bytes that change hands, batches, watches by the thousand. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { Retries } from "../../../lib/engine/embedded/attempt/retries.js";
import { EngineError } from "../../../lib/engine/error.js";
import { type EngineTransaction, memory, openEngine, type RangeOptions } from "../../../lib/engine/index.js";
import { transactionBytesMax, valueBytesMax, watchesMax } from "../../../lib/limits/index.js";
import { FakeTime } from "../../observe/fake-time.js";

const opened = openEngine(memory());
afterAll(async () => (await opened).close());

const begin = async (): Promise<EngineTransaction> => (await opened).begin();
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value).toString();
const at = (key: string) => ({ key: bytes(key), orEqual: false, offset: 1 });
const code = async (promise: Promise<unknown>): Promise<number | undefined> => {
  try {
    await promise;
    return undefined;
  } catch (error) {
    if (error instanceof EngineError) return error.fdbCode;
    throw error;
  }
};
const put = async (key: string, value: string): Promise<void> => {
  const transaction = await begin();
  transaction.set(bytes(key), bytes(value));
  await transaction.commit();
};

describe("time", () => {
  test("a transaction past its timeout fails with 1031, also over onError, until it is reset", async () => {
    using time = new FakeTime();
    const engine = await openEngine(memory());
    const transaction = engine.begin();
    transaction.setOption("timeout", 500);
    expect(await code(transaction.get(bytes("time/a")))).toBe(undefined);
    await transaction.onError(new EngineError(1020));
    await time.pass(499);
    expect(await code(transaction.get(bytes("time/a")))).toBe(undefined);
    await time.pass(1);
    expect(await code(transaction.get(bytes("time/a")))).toBe(1031);
    expect(await code(transaction.onError(new EngineError(1031)))).toBe(1031);
    expect(await code(transaction.commit())).toBe(1031);
    transaction.reset();
    await time.pass(520);
    expect(await code(transaction.get(bytes("time/a")))).toBe(undefined);
    await engine.close();
  });

  test("a timeout that has passed already fails at once, and one of 0 ends it", async () => {
    using time = new FakeTime();
    const engine = await openEngine(memory());
    const transaction = engine.begin();
    await time.pass(20);
    transaction.setOption("timeout", 5);
    expect(await code(transaction.getReadVersion())).toBe(1031);
    const another = engine.begin();
    another.setOption("timeout", 5);
    another.setOption("timeout", 0);
    await time.pass(20);
    expect(await code(another.getReadVersion())).toBe(undefined);
    await engine.close();
  });

  test("a read version of long ago is too old, one that is not there yet is in the future", async () => {
    const transaction = await begin();
    transaction.setReadVersion(1n);
    expect(await code(transaction.get(bytes("time/b")))).toBe(1007);
    const another = await begin();
    another.setReadVersion(2n ** 52n);
    expect(await code(another.get(bytes("time/b")))).toBe(1009);
  });

  test("delays double up to the limit, or to 30 s when memory is short", () => {
    const retries = new Retries(() => 1);
    const delays = (fdbCode: number, count: number): number[] =>
      Array.from({ length: count }, () => retries.delayMs(new EngineError(fdbCode)));
    expect(delays(1020, 9)).toEqual([10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
    expect(delays(1042, 7)).toEqual([1000, 2000, 4000, 8000, 16000, 30000, 30000]);
    expect(delays(1007, 2)).toEqual([10, 10]);
    const impatient = new Retries(() => 1);
    impatient.options.maxRetryDelayMs = 0;
    expect([1, 2].map(() => impatient.delayMs(new EngineError(1020)))).toEqual([10, 0]);
    expect(() => impatient.delayMs(new EngineError(2004))).toThrow(EngineError);
    expect(() => impatient.delayMs(new TypeError("a bug"))).toThrow(TypeError);
  });
});

describe("read versions", () => {
  test("a transaction reads at the version it was given", async () => {
    await put("version/a", "old");
    const first = await begin();
    const version = await first.getReadVersion();
    await put("version/a", "new");
    const second = await begin();
    second.setReadVersion(version);
    expect(text(await second.get(bytes("version/a")))).toBe("old");
    expect(text(await first.get(bytes("version/a")))).toBe("old");
    expect(await second.getReadVersion()).toBe(version);
  });

  test("a second one, and one that is none, are refused", async () => {
    const twice = await begin();
    await twice.getReadVersion();
    twice.setReadVersion(5n);
    expect(await code(twice.get(bytes("a")))).toBe(2010);
    const zero = await begin();
    zero.setReadVersion(0n);
    expect(await code(zero.commit())).toBe(2011);
  });
});

describe("sizes", () => {
  test("a value one byte too long is 2103, a transaction too large 2101", async () => {
    const transaction = await begin();
    transaction.set(bytes("size/a"), new Uint8Array(valueBytesMax + 1));
    expect(await code(transaction.commit())).toBe(2103);
    const large = await begin();
    const count = transactionBytesMax / valueBytesMax;
    for (let i = 0; i < count; i++) large.set(bytes(`size/${i}`), new Uint8Array(valueBytesMax));
    expect(await code(large.commit())).toBe(2101);
  });

  test("sizeLimit lowers the bound, within its own bounds", async () => {
    const transaction = await begin();
    transaction.setOption("sizeLimit", 100);
    transaction.set(bytes("size/b"), new Uint8Array(100));
    expect(await code(transaction.commit())).toBe(2101);
    for (const value of [31, transactionBytesMax + 1, 50.5, "100"]) {
      const other = await begin();
      other.setOption("sizeLimit", value);
      expect(await code(other.commit())).toBe(2006);
    }
  });

  test("the approximate size counts keys, values and conflict ranges", async () => {
    const transaction = await begin();
    expect(await transaction.getApproximateSize()).toBe(0);
    transaction.set(bytes("size/c"), new Uint8Array(1_000));
    const written = await transaction.getApproximateSize();
    expect(written).toBeGreaterThan(1_000);
    expect(written).toBeLessThan(1_200);
    await transaction.get(bytes("size/d"));
    expect(await transaction.getApproximateSize()).toBeGreaterThan(written);
  });

  test("a hundred thousand writes, in any order, are no trouble", async () => {
    const transaction = await begin();
    const started = process.cpuUsage().user;
    for (let i = 0; i < 100_000; i++) {
      transaction.set(bytes(`many/${String((i * 7_919) % 100_000).padStart(6, "0")}`), Uint8Array.of(1));
    }
    const { rows } = await transaction.getRange(at("many/050000"), at("many/050010"), { mode: "exact", limit: 100 });
    expect(rows.length).toBe(10);
    expect((process.cpuUsage().user - started) / 1_000).toBeLessThan(5_000);
    transaction.reset();
  });
});

describe("bytes", () => {
  test("what is written is copied, and what a read conflicts with too", async () => {
    const transaction = await begin();
    const key = bytes("bytes/a");
    const value = bytes("kept");
    transaction.set(key, value);
    transaction.atomic("appendIfFits", key, value);
    const wanted = bytes("bytes/b");
    await transaction.get(wanted);
    const selector = at("bytes/c");
    await transaction.getRange(selector, at("bytes/d"));
    for (const buffer of [key, value, wanted, selector.key]) buffer.fill(0x7a);
    expect(text(await transaction.get(bytes("bytes/a")))).toBe("keptkept");
    await put("bytes/b", "changed");
    expect(await code(transaction.commit())).toBe(1020);
  });

  test("what a read hands out is the caller's own", async () => {
    await put("bytes/e", "kept");
    const transaction = await begin();
    (await transaction.get(bytes("bytes/e")))?.fill(0);
    expect(text(await transaction.get(bytes("bytes/e")))).toBe("kept");
    transaction.set(bytes("bytes/ee"), bytes("own"));
    for (let i = 0; i < 3; i++) {
      const { rows } = await transaction.getRange(at("bytes/e"), at("bytes/f"), { mode: "exact", limit: 9 });
      expect(rows.map(([key, value]) => [text(key), text(value)])).toEqual([
        ["bytes/e", "kept"],
        ["bytes/ee", "own"],
      ]);
      for (const row of rows) for (const part of row) part.fill(0);
      (await transaction.get(bytes("bytes/ee")))?.fill(0);
      (await transaction.getKey({ key: bytes("bytes/e"), orEqual: true, offset: 1 })).fill(0);
      (await transaction.getKey({ key: Uint8Array.of(0xff), orEqual: false, offset: 3 })).fill(0);
    }
  });
});

describe("during a commit", () => {
  test("any use of the transaction fails, and the commit's answer with it", async () => {
    const transaction = await begin();
    transaction.set(bytes("during/a"), bytes("1"));
    const committing = code(transaction.commit());
    expect(await code(transaction.get(bytes("during/a")))).toBe(2017);
    expect(await committing).toBe(2017);
  });

  test("cancelling or resetting ends the wait", async () => {
    const transaction = await begin();
    transaction.set(bytes("during/b"), bytes("1"));
    const committing = code(transaction.commit());
    transaction.cancel();
    expect(await committing).toBe(1025);
    transaction.reset();
    transaction.set(bytes("during/c"), bytes("1"));
    const again = code(transaction.commit());
    transaction.reset();
    expect(await again).toBe(1025);
    expect(await code(transaction.get(bytes("during/c")))).toBe(undefined);
  });

  test("promises nobody looks at do not end the process", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", note);
    const transaction = await begin();
    transaction.watch(bytes("during/d"));
    transaction.watch(bytes("\xff\xff"));
    void transaction.getVersionstamp();
    transaction.cancel();
    transaction.reset();
    void transaction.getVersionstamp();
    await transaction.commit();
    await sleep(20);
    process.removeListener("unhandledRejection", note);
    expect(unhandled).toEqual([]);
  });
});

describe("watches", () => {
  test("there are at most so many, and one that ends makes room", async () => {
    const transaction = await begin();
    const watches = Array.from({ length: watchesMax }, () => transaction.watch(bytes("watch/a")));
    expect(await code(transaction.watch(bytes("watch/b")).fired)).toBe(1032);
    watches[0]?.cancel();
    expect(await code(watches[0]?.fired ?? Promise.resolve())).toBe(1101);
    const another = transaction.watch(bytes("watch/b"));
    await transaction.commit();
    await put("watch/b", "1");
    expect(await code(another.fired)).toBe(undefined);
    await put("watch/a", "1");
    expect(await code(Promise.all(watches.slice(1).map(({ fired }) => fired)))).toBe(undefined);
  });

  test("one set with the transaction's own view disabled is refused", async () => {
    const transaction = await begin();
    transaction.setOption("readYourWritesDisable");
    expect(await code(transaction.watch(bytes("watch/c")).fired)).toBe(1034);
  });

  // RYWImpl::triggerWatches (ReadYourWrites.actor.cpp): a known value is compared once the watched one has been read.
  test("the transaction's own write fires one when its value has come, not before", async () => {
    const transaction = await begin();
    const left = transaction.watch(bytes("watch/d"));
    transaction.set(bytes("watch/d"), bytes("1"));
    transaction.reset();
    expect(await code(left.fired)).toBe(1025);
    const alone = transaction.watch(bytes("watch/d"));
    transaction.set(bytes("watch/d"), bytes("1"));
    expect(await code(alone.fired)).toBe(undefined);
    transaction.reset();
    const answered = transaction.watch(bytes("watch/d"));
    transaction.set(bytes("watch/d"), bytes("1"));
    await (await begin()).get(bytes("watch/e"));
    transaction.reset();
    expect(await code(answered.fired)).toBe(undefined);
    const back = transaction.watch(bytes("watch/d"));
    transaction.set(bytes("watch/d"), bytes("1"));
    transaction.clear(bytes("watch/d"));
    transaction.reset();
    expect(await code(back.fired)).toBe(undefined);
    const unknown = transaction.watch(bytes("watch/d"));
    transaction.atomic("add", bytes("watch/d"), bytes("1"));
    transaction.reset();
    expect(await code(unknown.fired)).toBe(undefined);
  });

  test("what another transaction was answered tells that its value has come", async () => {
    const transaction = await begin();
    const cancelled = transaction.watch(bytes("watch/f"));
    transaction.cancel();
    expect(await code(cancelled.fired)).toBe(1025);
    const another = await begin();
    const settled: string[] = [];
    const kept = another.watch(bytes("watch/f"));
    kept.fired.then(
      () => settled.push("fired"),
      () => settled.push("failed"),
    );
    await (await begin()).get(bytes("watch/e"));
    another.cancel();
    await sleep(10);
    expect(settled).toEqual([]);
    kept.cancel();
  });
});

describe("retries", () => {
  // Transaction::onError (NativeAPI.actor.cpp).
  const again = [1007, 1009, 1020, 1021, 1037, 1038, 1042, 1051, 1078, 1079, 1213, 1223, 1235];
  const final = [1000, 1004, 1025, 1031, 1036, 1039, 1062, 1101, 1500, 2000, 2017, 2021, 2101, 2103];

  test.each(again)("%i is tried again", async (fdbCode) => {
    const transaction = await begin();
    transaction.setOption("maxRetryDelay", 0);
    expect(await code(transaction.onError(new EngineError(fdbCode)))).toBe(undefined);
  });

  test.each(final)("%i is not", async (fdbCode) => {
    const transaction = await begin();
    expect(await code(transaction.onError(new EngineError(fdbCode)))).toBe(fdbCode);
    expect(await code(transaction.onError(new EngineError(1020)))).toBe(1025);
  });
});

describe("batches", () => {
  const count = 400;
  const filled = (async () => {
    const transaction = await begin();
    for (let i = 0; i < count; i++) {
      transaction.set(bytes(`batch/${String(i).padStart(4, "0")}`), new Uint8Array(90));
    }
    await transaction.commit();
  })();

  const batches = async (options: RangeOptions, pending: boolean): Promise<number[]> => {
    await filled;
    const transaction = await begin();
    if (pending) transaction.set(bytes("batch/0200"), new Uint8Array(90));
    const sizes: number[] = [];
    let from = at("batch/");
    let to = at("batch0");
    for (let iteration = 1; ; iteration++) {
      const { rows, more } = await transaction.getRange(from, to, { ...options, iteration });
      sizes.push(rows.length);
      const last = rows.at(-1);
      if (!more || last === undefined) return sizes;
      if (options.reverse === true) to = { key: last[0], orEqual: false, offset: 1 };
      else from = { key: last[0], orEqual: true, offset: 1 };
    }
  };
  const sum = (sizes: readonly number[]): number => sizes.reduce((a, b) => a + b, 0);

  for (const pending of [false, true]) {
    for (const reverse of [false, true]) {
      test(`together are the range, ${reverse ? "backwards" : "forwards"}${pending ? ", over pending writes" : ""}`, async () => {
        for (const mode of ["wantAll", "iterator", "small", "medium", "large", "serial"] as const) {
          const sizes = await batches({ mode, reverse }, pending);
          expect([mode, sum(sizes)]).toEqual([mode, count]);
        }
        expect(sum(await batches({ mode: "exact", limit: 7, reverse }, pending))).toBe(count);
        expect(sum(await batches({ targetBytes: 500, reverse }, pending))).toBe(count);
      });
    }
  }

  test("grow with the mode and the iteration", async () => {
    const first = async (options: RangeOptions): Promise<number> => (await batches(options, false))[0] ?? 0;
    const modes = ["small", "medium", "large", "serial"] as const;
    const sizes = await Promise.all(modes.map((mode) => first({ mode })));
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
    expect(new Set(sizes).size).toBe(modes.length);
    const [one, two, three] = await batches({ mode: "iterator" }, false);
    expect([one ?? 0, two ?? 0].every((size, i) => size < ([two, three][i] ?? 0))).toBe(true);
    expect(await first({ targetBytes: 1 })).toBe(1);
  });

  test("need a limit in exact mode, and an iteration from 1", async () => {
    const transaction = await begin();
    expect(await code(transaction.getRange(at("a"), at("b"), { mode: "exact" }))).toBe(2210);
    expect(await code(transaction.getRange(at("a"), at("b"), { mode: "iterator", iteration: 0 }))).toBe(2000);
    expect(await code(transaction.getRange(at("a"), at("b"), { limit: -2 }))).toBe(2012);
    expect(await code(transaction.getRange(at("a"), at("b"), { mode: "exact", targetBytes: 10 }))).toBe(undefined);
  });
});

describe("sizes of ranges", () => {
  test("inverted and foreign ranges are refused", async () => {
    const transaction = await begin();
    expect(await code(transaction.getEstimatedRangeSizeBytes(bytes("b"), bytes("a")))).toBe(2005);
    expect(await code(transaction.getRangeSplitPoints(bytes("b"), bytes("a"), 10))).toBe(2005);
    const foreign = Uint8Array.of(0xff, 0x01);
    expect(await code(transaction.getRangeSplitPoints(bytes("b"), foreign, 10))).toBe(2004);
    expect(await code(transaction.getRangeSplitPoints(bytes("a"), bytes("b"), 0))).toBe(2000);
  });
});
