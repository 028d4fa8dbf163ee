/** Concurrent transactions are strictly serialisable, and the check that says so notices when they are not. */
import { describe, expect, test } from "vitest";
import type { Engine, EngineTransaction } from "../../../lib/engine/engine.js";
import { memory, openEngine } from "../../../lib/engine/index.js";
import { runs } from "../../runs.js";
import { arrayEngine } from "../array-engine.js";
import { findAnomalies, type Observation, type ObservedTransaction } from "../serialisability.js";
import { runWorkload } from "../workload.js";

const append = (key: string, value: number): Observation => ({ type: "append", key, value });
const read = (key: string, ...values: number[]): Observation => ({ type: "read", key, values });
const look = (key: string, value?: number): Observation => ({ type: "look", key, value });
const replace = (key: string, seen: number | undefined, wrote: number): Observation => ({
  type: "replace",
  key,
  read: seen,
  wrote,
});

/** All at the same time, unless `when` says otherwise. */
const transaction = (
  id: string,
  observations: readonly Observation[],
  when: Partial<ObservedTransaction> = {},
): ObservedTransaction => ({ id, began: 0, ended: 100, outcome: "committed", observations, ...when });

const names = (...transactions: readonly ObservedTransaction[]): string[] => [
  ...new Set(findAnomalies(transactions).map(({ name }) => name)),
];

describe("the check accepts", () => {
  test("reads of prefixes, in any real order that fits", () => {
    expect(
      names(
        transaction("a", [append("x", 1)], { ended: 10 }),
        transaction("b", [read("x", 1), append("x", 2)], { began: 20, ended: 30 }),
        transaction("c", [read("x", 1)], { began: 15, ended: 40 }),
        transaction("d", [read("x", 1, 2)], { began: 50 }),
      ),
    ).toEqual([]);
  });

  test("a chain of replaced values, and one whose outcome nobody knows", () => {
    expect(
      names(
        transaction("a", [replace("r", undefined, 1)]),
        transaction("b", [replace("r", 1, 2)], { outcome: "unknown" }),
        transaction("c", [replace("r", 2, 3)]),
        transaction("d", [look("r", 3)]),
        transaction("e", [append("x", 9)], { outcome: "unknown" }),
        transaction("f", [read("x")], { began: 200, ended: 300 }),
      ),
    ).toEqual([]);
  });
});

describe("the check finds", () => {
  test("a lost update of a register", () => {
    expect(
      names(
        transaction("a", [replace("r", undefined, 1)]),
        transaction("b", [replace("r", 1, 2)]),
        transaction("c", [replace("r", 1, 3)]),
      ),
    ).toContain("lost update");
  });

  test("a lost append", () => {
    expect(
      names(
        transaction("a", [append("x", 1)], { ended: 10 }),
        transaction("b", [append("x", 2)], { ended: 10 }),
        transaction("c", [read("x", 2)], { began: 20, ended: 30 }),
      ),
    ).toContain("lost update");
  });

  test("write skew", () => {
    expect(
      names(
        transaction("a", [read("x"), append("y", 1)]),
        transaction("b", [read("y"), append("x", 2)]),
        transaction("c", [read("x", 2), read("y", 1)]),
      ),
    ).toEqual(["write skew"]);
  });

  test("read skew", () => {
    expect(
      names(
        transaction("a", [append("x", 1), append("y", 2)]),
        transaction("b", [read("x"), read("y", 2)]),
        transaction("c", [read("x", 1), read("y", 2)]),
      ),
    ).toEqual(["read skew"]);
  });

  test("a cycle of reads (G1c)", () => {
    expect(
      names(transaction("a", [append("x", 1), read("y", 2)]), transaction("b", [append("y", 2), read("x", 1)])),
    ).toEqual(["circular information flow"]);
  });

  test("a cycle of overwrites (G0)", () => {
    expect(
      names(
        transaction("a", [append("x", 1), append("y", 1)]),
        transaction("b", [append("x", 2), append("y", 2)]),
        transaction("c", [read("x", 1, 2), read("y", 2, 1)]),
      ),
    ).toEqual(["write cycle"]);
  });

  test("a stale read", () => {
    expect(
      names(
        transaction("a", [append("x", 1)], { ended: 10 }),
        transaction("b", [read("x")], { began: 20, ended: 30 }),
        transaction("c", [read("x", 1)], { began: 20, ended: 40 }),
      ),
    ).toEqual(["stale read"]);
    expect(
      names(
        transaction("a", [replace("r", undefined, 1)], { ended: 10 }),
        transaction("b", [look("r", undefined)], { began: 20, ended: 30 }),
      ),
    ).toEqual(["stale read"]);
  });

  test("reads of aborted and of half-done transactions (G1a, G1b)", () => {
    expect(
      names(transaction("a", [append("x", 1)], { outcome: "aborted" }), transaction("b", [read("x", 1)])),
    ).toContain("aborted read");
    expect(names(transaction("a", [append("x", 1), append("x", 2)]), transaction("b", [read("x", 1)]))).toContain(
      "intermediate read",
    );
  });

  test("reads that exclude each other, and a transaction that does not see itself", () => {
    expect(
      names(
        transaction("a", [append("x", 1)]),
        transaction("b", [append("x", 2)]),
        transaction("c", [read("x", 1, 2)]),
        transaction("d", [read("x", 2)]),
      ),
    ).toContain("incompatible order");
    expect(names(transaction("a", [append("x", 1), read("x")]))).toContain("internal");
    expect(names(transaction("a", [replace("r", undefined, 1), look("r", undefined)]))).toContain("internal");
  });
});

/** `engine` with some methods of its transactions replaced. */
const altered = (engine: Engine, alter: (transaction: EngineTransaction) => Partial<EngineTransaction>): Engine => ({
  name: "altered",
  capabilities: engine.capabilities,
  close: () => engine.close(),
  begin: () => {
    const inner = engine.begin();
    const changes = alter(inner);
    return new Proxy(inner, {
      get: (target, name) => {
        const method = Reflect.get(name in changes ? changes : target, name);
        return typeof method === "function" && !(name in changes) ? method.bind(target) : method;
      },
    });
  },
});

const workload = (seed: number) => ({ clients: 8, transactions: runs(60), keys: 3, seed });

/** The anomalies of the first of some seeds that shows one. */
const hunt = async (open: () => Engine): Promise<string[]> => {
  for (let seed = 1; seed <= 5; seed++) {
    const found = findAnomalies(await runWorkload(open(), { clients: 8, transactions: 60, keys: 3, seed }));
    if (found.length > 0) return found.map(({ name }) => name);
  }
  return [];
};

describe("a workload of appends and replacements", () => {
  test("is strictly serialisable on the array engine", async () => {
    const seed = Date.now() % 2 ** 31;
    const observed = await runWorkload(arrayEngine(), workload(seed));
    expect({ seed, anomalies: findAnomalies(observed) }).toEqual({ seed, anomalies: [] });
  });

  test("is strictly serialisable on memory(), with conflicts", async () => {
    const seed = Date.now() % 2 ** 31;
    const engine = await openEngine(memory());
    const observed = await runWorkload(engine, workload(seed));
    await engine.close();
    expect({ seed, anomalies: findAnomalies(observed) }).toEqual({ seed, anomalies: [] });
    expect(observed.filter(({ outcome }) => outcome === "aborted").length).toBeGreaterThan(0);
  });

  test("shows lost updates when reads add no conflict", async () => {
    const broken = (): Engine =>
      altered(arrayEngine(), (inner) => ({
        get: (key) => inner.get(key, true),
        getRange: (begin, end, options) => inner.getRange(begin, end, { ...options, snapshot: true }),
      }));
    expect(await hunt(broken)).toContain("lost update");
  });

  test("shows skew when only the keys written are checked", async () => {
    // A read conflicts only if the transaction writes the key too: snapshot isolation.
    const broken = (): Engine =>
      altered(arrayEngine(), (inner) => ({
        get: (key) => inner.get(key, true),
        getRange: (begin, end, options) => inner.getRange(begin, end, { ...options, snapshot: true }),
        set: (key, value) => {
          inner.addReadConflictRange(key, Uint8Array.from([...key, 0]));
          inner.set(key, value);
        },
        atomic: (op, key, operand) => {
          inner.addReadConflictRange(key, Uint8Array.from([...key, 0]));
          inner.atomic(op, key, operand);
        },
      }));
    expect((await hunt(broken)).some((name) => name === "write skew" || name === "read skew")).toBe(true);
  });

  test("shows stale reads when the read version lags", async () => {
    const broken = (): Engine => {
      const engine = arrayEngine();
      const versions: bigint[] = [];
      return altered(engine, (inner) => {
        let isSet = false;
        const lag = async (): Promise<void> => {
          if (isSet) return;
          isSet = true;
          versions.push(await engine.begin().getReadVersion());
          inner.setReadVersion(versions[Math.max(0, versions.length - 20)] ?? 1n);
        };
        return {
          get: async (key) => {
            await lag();
            return inner.get(key);
          },
          getRange: async (begin, end, options) => {
            await lag();
            return inner.getRange(begin, end, options);
          },
          reset: () => {
            isSet = false;
            inner.reset();
          },
        };
      });
    };
    // The last read is stale too, and takes what it misses for lost.
    expect((await hunt(broken)).some((name) => name === "stale read" || name === "lost update")).toBe(true);
  });
});
