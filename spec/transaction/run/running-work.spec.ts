/** What runs: several side by side, none of which ends the watch over the others. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RunningWork } from "../../../lib/transaction/run/running-work.js";
import { Stopper } from "../../../lib/transaction/run/stopper.js";
import { Attempt } from "../../../lib/transaction/view/index.js";
import { arrayEngine } from "../../engine/array-engine.js";
import { runs } from "../../runs.js";
import { codeOf } from "../fixture.js";
import { liveTimers, manualClock } from "../manual-clock.js";

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function opened() {
  const clock = manualClock();
  const running = new RunningWork(clock);
  const begin = (): Stopper => {
    const stopper = new Stopper(clock, { deadlineMs: 9_000, attempts: () => 1 });
    running.begin(stopper);
    return stopper;
  };
  return { clock, running, begin };
}

const attempt = (): Attempt => new Attempt(arrayEngine().begin(), { firstWrite() {} });

describe("running work", () => {
  test("is still watched for nesting when other work ends", async () => {
    const { running, begin } = opened();
    const [first, second] = [begin(), begin()];
    await running.inside(attempt(), async () => {
      expect(await codeOf(() => running.assertAdmitted())).toBe("TRANSACTION_NESTED");
      running.end(first);
      expect(await codeOf(() => running.assertAdmitted())).toBe("TRANSACTION_NESTED");
    });
    running.end(second);
    running.assertAdmitted();
  });

  test("is waited for, all of it, before closing is done; nothing new is admitted", async () => {
    const { clock, running, begin } = opened();
    const [first, second] = [begin(), begin()];
    let closed = false;
    const closing = running.close(500).then(() => {
      closed = true;
    });
    expect(await codeOf(() => running.assertAdmitted())).toBe("DATABASE_CLOSED");
    running.end(first);
    await settled();
    expect(closed).toBe(false);
    running.end(second);
    await closing;
    expect([first.reason, second.reason]).toEqual([undefined, undefined]);
    first.dispose();
    second.dispose();
    expect(liveTimers(clock)).toEqual([]);
  });

  test("is stopped when its time is over, and given a little more", async () => {
    const { clock, running, begin } = opened();
    const stopper = begin();
    let closed = false;
    const closing = running.close(500).then(() => {
      closed = true;
    });
    clock.timers.find(({ ms }) => ms === 500)?.fire();
    await settled();
    expect(stopper.reason).toMatchObject({ code: "DATABASE_CLOSED" });
    expect(closed).toBe(false);
    running.end(stopper);
    await closing;
  });

  test("is stopped, and nothing else is, in whatever order others ended before", async () => {
    const ends = fc.array(fc.option(fc.nat(), { nil: undefined }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(ends, async (steps) => {
        const { clock, running, begin } = opened();
        const begun = [begin(), begin()];
        const left = new Set(begun);
        for (const step of steps) {
          const ending = step === undefined ? undefined : [...left][step % Math.max(1, left.size)];
          if (ending === undefined) {
            const stopper = begin();
            begun.push(stopper);
            left.add(stopper);
          } else {
            running.end(ending);
            left.delete(ending);
          }
        }
        const closing = running.close(500);
        clock.timers.find(({ ms }) => ms === 500)?.fire();
        await settled();
        expect(begun.map(({ reason }) => reason !== undefined)).toEqual(begun.map((stopper) => left.has(stopper)));
        for (const stopper of left) running.end(stopper);
        await closing;
      }),
      { numRuns: runs(100) },
    );
  });

  test("is told when closing begins, or at once when it has; unless it does not want to know any more", async () => {
    const { running } = opened();
    const told: string[] = [];
    running.onClose(() => void told.push("first"));
    running.onClose(() => void told.push("second"))();
    expect(told).toEqual([]);
    const closing = running.close(500);
    expect(told).toEqual(["first"]);
    running.onClose(() => void told.push("late"));
    await closing;
    await running.close(500);
    expect(told).toEqual(["first", "late"]);
  });

  test("of none is closed at once", async () => {
    const { clock, running } = opened();
    await running.close(500);
    expect(clock.timers).toEqual([]);
  });
});
