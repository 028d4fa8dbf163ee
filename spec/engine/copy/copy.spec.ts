/** Copying between engines: the target is the source, whatever happens on the way, or there is an error. */
import { createHash, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { openFoundationDb } from "../../../lib/engine/foundationdb/engine.js";
import {
  type CopyCheckpoint,
  type CopyOptions,
  type CopyProgress,
  type CopyResult,
  copy,
  type Engine,
  EngineError,
  type EngineTransaction,
  embedded,
  foundationdb,
  memory,
  openEngine,
} from "../../../lib/engine/index.js";
import { copyAttemptsMax, copyChunkBytesMax } from "../../../lib/limits/index.js";
import { faulty } from "../../../lib/testing/index.js";
import { runs } from "../../runs.js";
import { describeOnCluster } from "../foundationdb/cluster.js";
import { nativeDouble } from "../foundationdb/native-double.js";

type Rows = readonly (readonly [string, string])[];

const opened: Engine[] = [];
const directory = mkdtempSync(join(tmpdir(), "tenantry-copy-"));

const open = async (): Promise<Engine> => {
  const engine = await openEngine(memory());
  opened.push(engine);
  return engine;
};

afterEach(async () => {
  await Promise.all(opened.splice(0).map((engine) => engine.close()));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));
const at = (key: Uint8Array): { key: Uint8Array; orEqual: boolean; offset: number } => ({
  key,
  orEqual: false,
  offset: 1,
});

const put = async (engine: Engine, rows: Rows): Promise<void> => {
  const transaction = engine.begin();
  for (const [key, value] of rows) transaction.set(bytes(key), bytes(value));
  await transaction.commit();
};

const dump = async (engine: Engine): Promise<Rows> => {
  const rows: [string, string][] = [];
  const transaction = engine.begin();
  let begin = new Uint8Array();
  for (;;) {
    const batch = await transaction.getRange(at(begin), at(Uint8Array.of(0xff)));
    for (const [key, value] of batch.rows) {
      rows.push([Buffer.from(key).toString("latin1"), Buffer.from(value).toString("latin1")]);
    }
    const last = batch.rows.at(-1)?.[0];
    if (!batch.more || last === undefined) return rows;
    begin = Uint8Array.from([...last, 0]);
  }
};

const digestOf = (rows: Rows): string => {
  const hash = createHash("sha256");
  for (const [key, value] of rows) {
    const lengths = Buffer.alloc(8);
    lengths.writeUInt32BE(key.length, 0);
    lengths.writeUInt32BE(value.length, 4);
    hash.update(lengths).update(bytes(key)).update(bytes(value));
  }
  return hash.digest("hex");
};

/** Rows that fill several chunks. */
const large = (count = 60): Rows =>
  Array.from({ length: count }, (_, index) => [`row${String(index).padStart(5, "0")}`, `${index}`.padEnd(40_000, "v")]);

/** A source that hands out a fresh read version now and then, as one does that is read for more than five seconds. */
const slow = (engine: Engine, seed = 1, rate = 0.3): Engine =>
  faulty(engine, { seed, rates: { tooOld: rate }, delayMs: 1 });

type Call = (...args: unknown[]) => unknown;
type Replacement = (name: string | symbol, own: Call) => Call | undefined;

/** The engine, but for what is put in the place of a transaction's methods; undefined leaves them as they are. */
const replacing = (engine: Engine, replacement: (transaction: EngineTransaction) => Replacement): Engine => ({
  name: engine.name,
  capabilities: engine.capabilities,
  begin: () => {
    const transaction = engine.begin();
    const replace = replacement(transaction);
    return new Proxy(transaction, {
      get: (target, name) => {
        const own: unknown = Reflect.get(target, name);
        if (typeof own !== "function") return own;
        const bound: Call = own.bind(target);
        return replace(name, bound) ?? bound;
      },
    });
  },
  close: async () => {},
});

/** An engine on which each call of `method` that succeeds is followed by something else, before it is answered. */
const followed = (engine: Engine, method: "getRange" | "commit", follow: (call: number) => Promise<void>): Engine => {
  let calls = 0;
  return replacing(engine, () => (name, own) => {
    if (name !== method) return undefined;
    return async (...args) => {
      const answer = await own(...args);
      calls += 1;
      await follow(calls);
      return answer;
    };
  });
};

/** An engine that refuses the first commits of each transaction, as one does whose keys others write to. */
const refusing = (engine: Engine, refusals: number): Engine =>
  replacing(engine, (transaction) => {
    let commits = 0;
    return (name, own) => {
      // Nobody waits between attempts.
      if (name === "onError") return async () => transaction.reset();
      if (name !== "commit") return undefined;
      return async () => {
        commits += 1;
        if (commits <= refusals) throw new EngineError(1_020);
        return own();
      };
    };
  });

const failure = (work: Promise<CopyResult>): Promise<unknown> => work.then(() => undefined).catch((error) => error);

describe("a source at rest", () => {
  test("is copied at one version: a snapshot, verified by a digest, with progress", async () => {
    const [from, to] = [await open(), await open()];
    const rows = large();
    await put(from, rows);
    const progress: CopyProgress[] = [];
    const result = await copy({ from, to, onProgress: (event) => progress.push(event) });
    expect(await dump(to)).toEqual(rows);
    expect(result).toMatchObject({ rows: 60, digest: digestOf(rows), passes: 1, consistency: "snapshot" });
    expect(result.bytes).toBe(60 * 40_008);
    expect(result.version).toBeTypeOf("bigint");
    expect(new Set(progress.map(({ phase }) => phase))).toEqual(new Set(["copying", "digesting"]));
    expect(progress.filter(({ phase }) => phase === "copying").length).toBeGreaterThan(1);
    expect(progress.every(({ bytes: done, estimatedBytes }) => done > 0 && estimatedBytes > 0)).toBe(true);
  });

  test("is copied at several versions and compared: stable", async () => {
    const [from, to] = [await open(), await open()];
    await put(from, large());
    const result = await copy({ from: slow(from, 3, 0.5), to });
    expect(await dump(to)).toEqual(large());
    expect(result).toMatchObject({ digest: digestOf(large()), passes: 2, consistency: "stable", version: undefined });
  });

  test("is copied whatever it holds, through faults on both sides, stopped and resumed anywhere", async () => {
    const key = fc.string({ unit: "binary-ascii", maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(key, fc.constantFrom("", "v", "x".repeat(90_000))), {
          selector: ([name]) => name,
          maxLength: 25,
        }),
        fc.nat(),
        fc.array(fc.nat(6), { maxLength: 3 }),
        async (rows, seed, stops) => {
          const [from, to] = [await open(), await open()];
          await put(from, rows);
          const source = faulty(from, { seed, rates: { tooOld: 0.1, processBehind: 0.1 }, delayMs: 1 });
          const target = faulty(to, { seed, rates: { conflict: 0.2, tooOld: 0.1, processBehind: 0.05 }, delayMs: 1 });
          let checkpoint: CopyCheckpoint | undefined;
          for (const stop of stops) {
            const abort = new AbortController();
            let events = 0;
            const onProgress = (event: CopyProgress): void => {
              checkpoint = JSON.parse(JSON.stringify(event.checkpoint));
              events += 1;
              if (events > stop) abort.abort(new Error("stopped"));
            };
            const options = { from: source, to: target, overwrite: true, onProgress, signal: abort.signal };
            const error = await failure(copy({ ...options, resumeFrom: checkpoint }));
            if (error !== undefined) expect(error).toMatchObject({ message: "stopped" });
          }
          const result = await copy({ from: source, to: target, overwrite: true, resumeFrom: checkpoint });
          const expected = rows.toSorted(([one], [other]) => Buffer.compare(bytes(one), bytes(other)));
          expect(await dump(to)).toEqual(expected);
          expect(result.digest).toBe(digestOf(expected));
          await Promise.all(opened.splice(0).map((engine) => engine.close()));
        },
      ),
      { numRuns: runs(12) },
    );
  });

  test.each([9, 19])("is copied when each commit is refused %i times before it is taken", async (refusals) => {
    const [from, to] = [await open(), await open()];
    await put(from, [["one", "1"]]);
    const result = await copy({ from, to: refusing(to, refusals) });
    expect(await dump(to)).toEqual([["one", "1"]]);
    expect(result.rows).toBe(1);
  });

  test("is given up when a commit is refused for good", async () => {
    const [from, to] = [await open(), await open()];
    await put(from, [["one", "1"]]);
    expect(await failure(copy({ from, to: refusing(to, copyAttemptsMax) }))).toMatchObject({ fdbCode: 1_020 });
    expect(await dump(to)).toEqual([]);
  });

  test("is copied through commits whose outcome is unknown", async () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const [from, to] = [await open(), await open()];
      await put(from, large(30));
      const target = faulty(to, { seed, rates: { unknownApplied: 0.2, unknownNotApplied: 0.2 }, delayMs: 5 });
      // 1025 and 1031 end a copy; it is resumed until it is through.
      let checkpoint: CopyCheckpoint | undefined;
      let result: CopyResult | undefined;
      for (let attempt = 0; attempt < 50 && result === undefined; attempt += 1) {
        const onProgress = (event: CopyProgress): void => {
          checkpoint = event.checkpoint;
        };
        result = await copy({ from, to: target, overwrite: true, resumeFrom: checkpoint, onProgress }).catch(
          () => undefined,
        );
      }
      await target.settled();
      expect(result?.digest).toBe(digestOf(large(30)));
      expect(await dump(to)).toEqual(large(30));
    }
  });

  test("a commit of a copy that failed does not land on what a later copy wrote", async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const [from, to] = [await open(), await open()];
      await put(from, [["a", "old"]]);
      const target = faulty(to, { seed, rates: { unknownLate: 1 }, delayMs: 20 });
      expect(await failure(copy({ from, to: target, overwrite: true }))).toMatchObject({ code: "ENGINE" });
      await put(from, [["a", "new"]]);
      await copy({ from, to, overwrite: true });
      await target.settled();
      expect(await dump(to)).toEqual([["a", "new"]]);
    }
  });

  test("is resumed without writing again what was written", async () => {
    const [from, to] = [await open(), await open()];
    await put(from, large());
    const abort = new AbortController();
    let checkpoint: CopyCheckpoint | undefined;
    const stopped = copy({
      from,
      to,
      signal: abort.signal,
      onProgress: (event) => {
        checkpoint = event.checkpoint;
        if (event.bytes > 3 * copyChunkBytesMax) abort.abort(new Error("stopped"));
      },
    });
    expect(await failure(stopped)).toMatchObject({ message: "stopped" });
    expect(checkpoint?.copiedTo).toBeDefined();
    const phases: CopyProgress[] = [];
    const result = await copy({ from, to, resumeFrom: checkpoint, onProgress: (event) => phases.push(event) });
    const copied = phases.filter(({ phase }) => phase === "copying").at(-1)?.bytes ?? 0;
    expect(copied).toBeLessThan(60 * 40_008);
    expect(result.digest).toBe(digestOf(large()));
    expect(await dump(to)).toEqual(large());
  });

  test("gives an empty copy of nothing, and only the range asked for", async () => {
    const [from, to] = [await open(), await open()];
    expect(await copy({ from, to })).toMatchObject({ rows: 0, digest: digestOf([]), consistency: "snapshot" });
    await put(from, [
      ["a", "1"],
      ["b", "2"],
      ["c", "3"],
    ]);
    await put(to, [
      ["a", "kept"],
      ["c", "kept"],
    ]);
    await copy({ from, to, range: { begin: bytes("b"), end: bytes("c") } });
    expect(await dump(to)).toEqual([
      ["a", "kept"],
      ["b", "2"],
      ["c", "kept"],
    ]);
  });
});

describe("a source that changes", () => {
  const pair = (value: number): Rows => [
    ["a", `${value}`],
    ["z", `${value}`],
  ];

  test("is a snapshot all the same when it can be read at one version", async () => {
    const [from, to] = [await open(), await open()];
    await put(from, [...pair(0), ...large(30)]);
    const result = await copy({ from: followed(from, "getRange", (read) => put(from, pair(read))), to });
    expect(result).toMatchObject({ passes: 1, consistency: "snapshot" });
    const rows = new Map(await dump(to));
    expect([rows.get("a"), rows.get("z")]).toEqual(["0", "0"]);
  });

  test("is caught up with once it rests, and never torn", async () => {
    for (let seed = 1; seed <= 4; seed += 1) {
      const [from, to] = [await open(), await open()];
      await put(from, [...pair(0), ...large(30)]);
      const source = followed(slow(from, seed), "getRange", async (read) =>
        read < 90 ? put(from, pair(read)) : undefined,
      );
      const result = await copy({ from: source, to, passes: 10 });
      const rows = await dump(to);
      expect(result.digest).toBe(digestOf(rows));
      expect(new Map(rows).get("a")).toBe(new Map(rows).get("z"));
    }
  });

  test("is given up when it never rests", async () => {
    const [from, to] = [await open(), await open()];
    await put(from, [...pair(0), ...large(30)]);
    // Every pass is read at several versions, and finds both rows changed.
    const source = followed(slow(from, 1, 0.4), "getRange", (read) => put(from, pair(read)));
    expect(await failure(copy({ from: source, to, passes: 3 }))).toMatchObject({
      code: "COPY_SOURCE_CHANGING",
      details: { passes: 3 },
    });
  });

  test("loses rows in the copy that it loses meanwhile", async () => {
    const [from, to] = [await open(), await open()];
    await put(from, large(30));
    let cleared = false;
    const source = followed(slow(from, 5, 0.4), "getRange", async (read) => {
      if (read < 6 || cleared) return;
      cleared = true;
      const transaction = from.begin();
      transaction.clearRange(bytes("row00002"), bytes("row00020"));
      await transaction.commit();
    });
    await copy({ from: source, to });
    expect(await dump(to)).toEqual(await dump(from));
    expect((await dump(to)).length).toBe(12);
  });
});

describe("what is refused", () => {
  const refused = async (options: Partial<CopyOptions>, code: string): Promise<void> => {
    const [from, to] = [await open(), await open()];
    await put(from, [["a", "1"]]);
    await put(to, [["b", "2"]]);
    expect(await failure(copy({ from, to, ...options }))).toMatchObject({ code });
    expect(await dump(to)).toEqual([["b", "2"]]);
  };
  const checkpoint: CopyCheckpoint = { format: 1, begin: "", end: "ff", copiedTo: "61" };

  test("a target that is not empty, a range that is, too few passes", async () => {
    await refused({}, "COPY_TARGET_NOT_EMPTY");
    await refused({ range: { begin: bytes("b"), end: bytes("b") } }, "COPY_OPTIONS_INVALID");
    await refused({ passes: 1, overwrite: true }, "COPY_OPTIONS_INVALID");
  });

  test("a checkpoint of another range or format, or that is none", async () => {
    await refused({ resumeFrom: { ...checkpoint, end: "fe" } }, "COPY_CHECKPOINT_INVALID");
    await refused({ resumeFrom: { ...checkpoint, copiedTo: "ff01" } }, "COPY_CHECKPOINT_INVALID");
    await refused({ resumeFrom: { ...checkpoint, copiedTo: "6" } }, "COPY_CHECKPOINT_INVALID");
    await refused({ resumeFrom: JSON.parse('{"format":2,"begin":"","end":"ff"}') }, "COPY_CHECKPOINT_INVALID");
  });

  test("keys that the target does not take", async () => {
    const [from, to] = [await open(), await open()];
    await put(from, [["a long key", "1"]]);
    const small = { ...to, begin: () => to.begin(), capabilities: { ...to.capabilities, keyBytesMax: 5 } };
    expect(await failure(copy({ from, to: small }))).toMatchObject({
      code: "KEY_TOO_LARGE",
      details: { bytes: 10, keyBytesMax: 5 },
    });
  });

  test("a target that something else writes to", async () => {
    const [from, to] = [await open(), await open()];
    await put(from, large(30));
    const stray = (call: number): Promise<void> => (call === 1 ? put(to, [["row00000x", "stray"]]) : Promise.resolve());
    expect(await failure(copy({ from, to: followed(to, "commit", stray) }))).toMatchObject({
      code: "COPY_DIGEST_MISMATCH",
      details: { rows: 30, targetRows: 31 },
    });
  });
});

describe("between engines", () => {
  test("embedded to FoundationDB's adapter and back", async () => {
    const [held, back] = [await open(), await openEngine(embedded(join(directory, "back")))];
    const from = await openEngine(embedded(join(directory, "from")));
    await put(from, large(40));
    const cluster = await openFoundationDb({}, async () =>
      nativeDouble({ engine: held, shardEdges: [bytes("row00010"), bytes("row00020x")] }),
    );
    const there = await copy({ from, to: cluster });
    const home = await copy({ from: cluster, to: back });
    expect(home.digest).toBe(there.digest);
    expect(await dump(back)).toEqual(large(40));
    await Promise.all([from.close(), cluster.close(), back.close()]);
  });

  describeOnCluster("copying", (clusterFile) => {
    test("embedded to the cluster and back, under a prefix", async () => {
      const [from, back] = [await open(), await open()];
      const cluster = await openEngine(foundationdb({ clusterFile }));
      const prefix = `tenantry-copy-${randomUUID()}-`;
      const range = { begin: bytes(prefix), end: bytes(`${prefix}\xff`) };
      const rows = large(200).map(([key, value]) => [prefix + key, value] as const);
      for (let first = 0; first < rows.length; first += 50) await put(from, rows.slice(first, first + 50));
      try {
        const there = await copy({ from, to: cluster, range });
        const home = await copy({ from: cluster, to: back, range });
        expect(home.digest).toBe(there.digest);
        expect(await dump(back)).toEqual(rows);
      } finally {
        const transaction = cluster.begin();
        transaction.clearRange(range.begin, range.end);
        await transaction.commit();
        await cluster.close();
      }
    });
  });
});
