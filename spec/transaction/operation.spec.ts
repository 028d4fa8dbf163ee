/** Operations come to the same whether they are performed at once or wait for what they read. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Operation,
  perform,
  performAtOnce,
  type ReadTransaction,
  resultOf,
  rowsOf,
  together,
  valueAt,
  valuesAt,
} from "../../lib/transaction/index.js";
import { runs } from "../runs.js";
import { bytes, key, openFixture, text } from "./fixture.js";

const names = ["a", "b", "c", "d"];
const snapshot = { snapshot: true } as const;
const things = { begin: key(), end: key("\uffff") };

/** One step of a plan: what is read, and whether the rest of the plan is split in two that go side by side. */
type Step = readonly ["one" | "some" | "range" | "first" | "known", readonly string[]];

const steps = fc.array(
  fc.tuple(
    fc.constantFrom<Step[0]>("one", "some", "range", "first", "known"),
    fc.subarray(names, { minLength: 1, maxLength: 3 }),
  ),
  { maxLength: 6 },
);

/** Reads by its steps, and tells what it saw. */
function* reading(plan: readonly Step[], seen: string[]): Operation<number> {
  for (const [kind, wanted] of plan) {
    if (kind === "one") seen.push(text(yield* valueAt(key(wanted[0] ?? ""), snapshot)) ?? "-");
    else if (kind === "some") {
      const values = yield* valuesAt(wanted.map((name) => key(name)));
      seen.push(values.map((value) => text(value) ?? "-").join());
    } else if (kind === "known") seen.push(yield* resultOf("known"));
    else {
      const options = kind === "first" ? { ...snapshot, limit: 1, mode: "exact" as const } : snapshot;
      const rows = yield* rowsOf(things, options);
      seen.push(rows.map(([, value]) => text(value)).join("+"));
    }
  }
  return seen.length;
}

describe("operations", () => {
  test("come to the same at once, waiting, and side by side with others", async () => {
    await fc.assert(
      fc.asyncProperty(fc.subarray(names), steps, steps, async (stored, first, second) => {
        await using fixture = await openFixture();
        const id = await fixture.tenant();
        await fixture.runner.transact(id, async (tx) => {
          for (const name of stored) tx.set(key(name), bytes(`value of ${name}`));
        });
        const both = function* (seen: [string[], string[]]): Operation<void> {
          yield* together([reading(first, seen[0]), reading(second, seen[1])]);
        };
        const waited: [string[], string[]] = [[], []];
        await fixture.runner.read(id, (transaction) => perform(transaction, both(waited)));
        const atOnce: [string[], string[]] = [[], []];
        await fixture.runner.operate(id, function* (transaction) {
          yield* resultOf(undefined);
          expect(performAtOnce(transaction, both(atOnce))).toBeDefined();
        });
        expect(atOnce).toEqual(waited);
        const alone: string[] = [];
        await fixture.runner.read(id, (transaction) => perform(transaction, reading(first, alone)));
        expect(alone).toEqual(waited[0]);
        expect(alone).toHaveLength(first.length);
      }),
      { numRuns: runs(40) },
    );
  });

  test("read a range to its end, however many batches it takes", async () => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    const value = new Uint8Array(40_000);
    await fixture.runner.transact(id, async (tx) => {
      for (let n = 0; n < 20; n++) tx.set(key(n), value);
    });
    const counting = function* (): Operation<number> {
      return (yield* rowsOf({ begin: key(0), end: key(1_000) }, snapshot)).length;
    };
    expect(await fixture.runner.read(id, (transaction) => perform(transaction, counting()))).toBe(20);
    expect(await fixture.runner.operate(id, counting)).toBe(20);
  });

  const never: Pick<ReadTransaction, "get"> = { get: () => Promise.reject(new RangeError("unreadable")) };

  test("are given what their reads throw, and may clean up", async () => {
    const done: string[] = [];
    const failing = function* (): Operation<string> {
      try {
        yield* valueAt(key("a"));
      } catch (error) {
        done.push(String(error));
        return "caught";
      } finally {
        done.push("cleaned up");
      }
      return "read";
    };
    expect(await perform(never as ReadTransaction, failing())).toBe("caught");
    expect(done).toEqual(["RangeError: unreadable", "cleaned up"]);
    await expect(perform(never as ReadTransaction, valueAt(key("a")))).rejects.toThrow("unreadable");
  });

  test("that wait for work give way at once, and leave no rejection behind", async () => {
    const waiting = (): Operation<unknown> =>
      together([resultOf(Promise.reject(new Error("later"))), resultOf(Promise.reject(new Error("too")))]);
    expect(performAtOnce(never as ReadTransaction, waiting())).toBeUndefined();
    await new Promise((resolve) => setImmediate(resolve));
    await expect(perform(never as ReadTransaction, waiting())).rejects.toThrow("later");
  });
});
