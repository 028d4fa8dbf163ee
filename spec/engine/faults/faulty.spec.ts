/** The fault engine: each fault does what it says, and what happens follows from the seed. */
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Engine, EngineError, type EngineTransaction, memory, openEngine } from "../../../lib/engine/index.js";
import { type FaultKind, type FaultRates, type FaultyEngine, faulty } from "../../../lib/testing/index.js";
import { keyAfter } from "../../../lib/tuple/index.js";
import { runs } from "../../runs.js";

let store: Engine;

beforeAll(async () => {
  store = await openEngine(memory());
});

beforeEach(async () => {
  const transaction = store.begin();
  transaction.clearRange(new Uint8Array(), Uint8Array.of(0xff));
  await transaction.commit();
});

afterAll(() => store.close());

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const [key, other] = [bytes("key"), bytes("other")];

const value = async (of = key): Promise<string | undefined> => {
  const found = await store.begin().get(of);
  return found && new TextDecoder().decode(found);
};

const struck = (rates: FaultRates, seed = 1): FaultyEngine => faulty(store, { seed, rates, delayMs: 5 });

const codeOf = async (work: Promise<unknown>): Promise<number | "ok"> => {
  try {
    await work;
    return "ok";
  } catch (error) {
    if (error instanceof EngineError) return error.fdbCode;
    throw error;
  }
};

const write = async (transaction: EngineTransaction, text = "new"): Promise<number | "ok"> => {
  transaction.set(key, bytes(text));
  return codeOf(transaction.commit());
};

describe("commits", () => {
  test("conflict: refused with 1020, not applied, and fine after onError", async () => {
    const engine = struck({ conflict: 1 });
    const transaction = engine.begin();
    const stamp = transaction.getVersionstamp();
    expect(await write(transaction)).toBe(1020);
    expect(await codeOf(stamp)).toBe(1020);
    expect(transaction.getCommittedVersion()).toBe(-1n);
    expect(await codeOf(transaction.get(key))).toBe(1020);
    expect(await value()).toBeUndefined();
    engine.disarm();
    await transaction.onError(new EngineError(1020));
    expect(await transaction.get(key)).toBeUndefined();
    expect(await write(transaction)).toBe("ok");
    expect(await value()).toBe("new");
  });

  test("unknownNotApplied and unknownApplied: the same answers, one with nothing behind it, one with all", async () => {
    const codes = new Set<number | string>();
    for (let seed = 1; seed <= 30; seed += 1) {
      codes.add(await write(struck({ unknownNotApplied: 1 }, seed).begin()));
    }
    expect([...codes].toSorted()).toEqual([1021, 1025, 1031, 1039]);
    expect(await value()).toBeUndefined();
    expect(codes).toContain(await write(struck({ unknownApplied: 1 }).begin()));
    expect(await value()).toBe("new");
  });

  test("unknownApplied: an error of the commit itself is given as it is", async () => {
    const transaction = struck({ unknownApplied: 1 }).begin();
    await transaction.get(key);
    transaction.set(other, bytes("mine"));
    await write(store.begin(), "theirs");
    expect(await codeOf(transaction.commit())).toBe(1020);
  });

  test("unknownLate: the commit lands after its answer, and not if it conflicts by then", async () => {
    const engine = struck({ unknownLate: 1 });
    expect([1039, 1031, 1025]).toContain(await write(engine.begin(), "late"));
    expect(await value()).toBeUndefined();
    await engine.settled();
    expect(await value()).toBe("late");

    const reader = engine.begin();
    await reader.get(key);
    expect(await write(reader, "too late")).not.toBe("ok");
    await write(store.begin(), "sooner");
    await engine.settled();
    expect(await value()).toBe("sooner");
  });

  test("unknownLate: a commit that has read nothing conflicts with what comes after it was sent", async () => {
    const next = store.begin();
    next.set(other, bytes("next"));
    const held: Engine = {
      name: "held",
      capabilities: store.capabilities,
      begin: () =>
        new Proxy(store.begin(), {
          get: (target, name) => {
            const method: unknown = Reflect.get(target, name);
            if (name === "commit") return () => next.commit().then(() => target.commit());
            return typeof method === "function" ? method.bind(target) : method;
          },
        }),
      close: async () => {},
    };
    const engine = faulty(held, { seed: 1, rates: { unknownLate: 1 }, delayMs: 0 });
    const blind = engine.begin();
    blind.addReadConflictRange(other, keyAfter(other));
    expect(await write(blind, "late")).not.toBe("ok");
    await engine.settled();
    expect([await value(), await value(other)]).toEqual([undefined, "next"]);
  });

  test("unknownLate: reset, the transaction goes on without touching what lands", async () => {
    const engine = struck({ unknownLate: 1 });
    const transaction = engine.begin();
    await write(transaction, "late");
    transaction.reset();
    engine.disarm();
    expect(await transaction.get(key)).toBeUndefined();
    transaction.set(other, bytes("next"));
    expect(await codeOf(transaction.commit())).toBe("ok");
    await engine.settled();
    expect([await value(), await value(other)]).toEqual(["late", "next"]);
  });

  test("unknownLate: where 1039 is tried again, the transaction goes on with its options", async () => {
    // As the multi-version client does when a cluster is upgraded.
    const upgraded: Engine = {
      name: "upgraded",
      capabilities: store.capabilities,
      begin: () =>
        new Proxy(store.begin(), {
          get: (target, name) => {
            const method: unknown = Reflect.get(target, name);
            if (name === "onError") return async () => {};
            return typeof method === "function" ? method.bind(target) : method;
          },
        }),
      close: async () => {},
    };
    let transaction: EngineTransaction;
    let engine: FaultyEngine;
    let seed = 0;
    do {
      seed += 1;
      engine = faulty(upgraded, { seed, rates: { unknownLate: 1 }, delayMs: 5 });
      transaction = engine.begin();
      transaction.setOption("snapshotRywDisable");
    } while ((await write(transaction, "late")) !== 1039);
    await transaction.onError(new EngineError(1039));
    engine.disarm();
    transaction.set(other, bytes("next"));
    expect(await transaction.get(other, true)).toBeUndefined();
    expect(await codeOf(transaction.commit())).toBe("ok");
    await engine.settled();
    expect([await value(), await value(other)]).toEqual(["late", "next"]);
  });

  test("closing waits for what lands late", async () => {
    const own = await openEngine(memory());
    const engine = faulty(own, { seed: 1, rates: { unknownLate: 1 }, delayMs: 30 });
    const transaction = engine.begin();
    await write(transaction);
    await engine.close();
    expect(engine.injected).toHaveLength(1);
  });
});

describe("reads", () => {
  test("tooOld, futureVersion and processBehind: their codes, and onError goes on", async () => {
    const expected: readonly (readonly [FaultKind, number])[] = [
      ["tooOld", 1007],
      ["futureVersion", 1009],
      ["processBehind", 1037],
    ];
    for (const [kind, fdbCode] of expected) {
      const engine = struck({ [kind]: 1 });
      const transaction = engine.begin();
      const at = { key, orEqual: false, offset: 1 };
      expect(await codeOf(transaction.get(key))).toBe(fdbCode);
      expect(await codeOf(transaction.getKey(at))).toBe(fdbCode);
      expect(await codeOf(transaction.getRange(at, { ...at, offset: 2 }))).toBe(fdbCode);
      expect(await codeOf(transaction.getReadVersion())).toBe(fdbCode);
      expect(engine.injected.map(({ operation }) => operation)).toEqual([
        "get",
        "getKey",
        "getRange",
        "getReadVersion",
      ]);
      engine.disarm();
      await transaction.onError(new EngineError(fdbCode));
      expect(await codeOf(transaction.get(key))).toBe("ok");
    }
  });

  test("tooOld strikes commits too, and nothing is applied", async () => {
    expect(await write(struck({ tooOld: 1 }).begin())).toBe(1007);
    expect(await value()).toBeUndefined();
  });

  test("timeout: everything is 1031 until the transaction is reset, onError too", async () => {
    const engine = struck({ timeout: 1 });
    const transaction = engine.begin();
    expect(await codeOf(transaction.get(key))).toBe(1031);
    engine.disarm();
    expect(await codeOf(transaction.get(key))).toBe(1031);
    expect(await write(transaction)).toBe(1031);
    expect(await codeOf(transaction.onError(new EngineError(1031)))).toBe(1031);
    transaction.reset();
    expect(await write(transaction)).toBe("ok");
  });

  test("slowRead: the answer comes, later", async () => {
    const engine = struck({ slowRead: 1 });
    await write(store.begin());
    expect(await engine.begin().get(key)).toEqual(bytes("new"));
    expect(engine.injected).toMatchObject([{ kind: "slowRead", fdbCode: undefined }]);
  });
});

describe("watches", () => {
  test("end with the error of a commit that was made to fail, and outlive one that was not", async () => {
    const conflicting = struck({ conflict: 1 }).begin();
    conflicting.set(other, bytes("x"));
    const watch = conflicting.watch(key);
    expect(await codeOf(conflicting.commit())).toBe(1020);
    expect(await codeOf(watch.fired)).toBe(1020);
    await conflicting.onError(new EngineError(1020));

    const engine = struck({});
    const committed = engine.begin();
    const kept = committed.watch(key);
    await committed.commit();
    committed.reset();
    await write(store.begin(), "changed");
    expect(await codeOf(kept.fired)).toBe("ok");
  });

  test("watchDrop: ends with 1039; watchSpurious: fires with no change; both may go unobserved", async () => {
    const dropped = struck({ watchDrop: 1 }).begin();
    const watch = dropped.watch(key);
    dropped.watch(other);
    await dropped.commit();
    expect(await codeOf(watch.fired)).toBe(1039);
    const spurious = struck({ watchSpurious: 1 }).begin();
    const fires = spurious.watch(key);
    await spurious.commit();
    expect(await codeOf(fires.fired)).toBe("ok");
    const cancelled = struck({}).begin();
    const untouched = cancelled.watch(key);
    await cancelled.commit();
    untouched.cancel();
    expect(await codeOf(untouched.fired)).toBe(1101);
  });
});

describe("chance", () => {
  const rates: FaultRates = { conflict: 0.2, unknownApplied: 0.1, tooOld: 0.1, slowRead: 0.1, timeout: 0.05 };

  /** What befalls a fixed programme of transactions, run in one order or interleaved. */
  const programme = async (seed: number, together: boolean, given = rates): Promise<string[]> => {
    const engine = faulty(store, { seed, rates: given, delayMs: 1 });
    const transactions = Array.from({ length: 12 }, () => engine.begin());
    const run = async (transaction: EngineTransaction): Promise<void> => {
      await codeOf(transaction.get(key, true));
      await codeOf(transaction.get(other, true));
      await write(transaction);
    };
    if (together) await Promise.all(transactions.map(run));
    else for (const transaction of transactions) await run(transaction);
    return engine.injected
      .map(({ transaction, operation, kind, fdbCode }) => `${transaction} ${operation} ${kind} ${fdbCode}`)
      .toSorted();
  };

  test("the same seed gives the same faults, however transactions are interleaved; another seed others", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const faults = await programme(seed, false);
        expect(await programme(seed, true)).toEqual(faults);
        expect(await programme(seed + 1, false)).not.toEqual(faults);
      }),
      { numRuns: runs(5) },
    );
  });

  test("changing one rate leaves the faults of other kinds where they were", async () => {
    const only = (faults: readonly string[], kind: FaultKind): string[] =>
      faults.filter((fault) => fault.includes(` ${kind} `));
    const faults = await programme(7, false, { slowRead: 0.3 });
    const more = await programme(7, false, { slowRead: 0.3, conflict: 1 });
    expect(only(faults, "slowRead").length).toBeGreaterThan(0);
    expect(only(more, "slowRead")).toEqual(only(faults, "slowRead"));
  });

  test("rates are kept, and onFault is told", async () => {
    const told: string[] = [];
    const engine = faulty(store, { seed: 3, rates: { processBehind: 0.25 }, onFault: ({ kind }) => told.push(kind) });
    for (let index = 0; index < 800; index += 1) await codeOf(engine.begin().get(key));
    expect(told.length).toBe(engine.injected.length);
    expect(told.length).toBeGreaterThan(800 * 0.2);
    expect(told.length).toBeLessThan(800 * 0.3);
    engine.disarm();
    for (let index = 0; index < 50; index += 1) await engine.begin().get(key);
    expect(told.length).toBe(engine.injected.length);
    engine.arm();
  });

  test("a counter with retries is right under every fault whose outcome is known", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const reset = store.begin();
        reset.clear(key);
        await reset.commit();
        const engine = faulty(store, {
          seed,
          rates: { conflict: 0.2, tooOld: 0.1, processBehind: 0.1, futureVersion: 0.05, slowRead: 0.2 },
          delayMs: 1,
        });
        const increment = async (): Promise<void> => {
          const transaction = engine.begin();
          transaction.setOption("maxRetryDelay", 1);
          for (;;) {
            try {
              const found = await transaction.get(key);
              transaction.set(key, bytes(String(Number(found ? new TextDecoder().decode(found) : 0) + 1)));
              await transaction.commit();
              return;
            } catch (error) {
              await transaction.onError(error);
            }
          }
        };
        await Promise.all(Array.from({ length: 6 }, increment));
        expect(await value()).toBe("6");
      }),
      { numRuns: runs(5) },
    );
  });
});
