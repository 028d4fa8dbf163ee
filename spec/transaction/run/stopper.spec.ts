/** What ends a run from outside: once, for one reason, and leaving nothing behind. */
import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { Stopper } from "../../../lib/transaction/run/stopper.js";
import { liveTimers, manualClock } from "../manual-clock.js";

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function opened(signal?: AbortSignal) {
  const clock = manualClock();
  const stopper = new Stopper(clock, { deadlineMs: 70, signal, attempts: () => 3 });
  return { clock, stopper };
}

describe("a stopper", () => {
  test("goes on until its deadline, and then says which", () => {
    const { clock, stopper } = opened();
    expect(stopper.reason).toBeUndefined();
    expect(() => stopper.assertGoing()).not.toThrow();
    expect(liveTimers(clock)).toEqual([70]);
    clock.timers[0]?.fire();
    expect(stopper.reason).toMatchObject({
      code: "TRANSACTION_DEADLINE_PASSED",
      details: { deadlineMs: 70, attempts: 3 },
    });
    expect(() => stopper.assertGoing()).toThrow(stopper.reason);
  });

  test("is stopped by its signal, now or before, with the signal's reason", () => {
    const reason = new Error("gone");
    const abort = new AbortController();
    const { stopper } = opened(abort.signal);
    expect(stopper.reason).toBeUndefined();
    abort.abort(reason);
    const before = opened(AbortSignal.abort(reason)).stopper;
    for (const each of [stopper, before]) {
      expect(each.reason).toMatchObject({ code: "TRANSACTION_ABORTED", details: { attempts: 3 }, cause: reason });
    }
  });

  test("has one reason, the first, and cancels once what it was last given", () => {
    const { stopper } = opened();
    const cancelled: string[] = [];
    stopper.cancels(() => void cancelled.push("first"));
    stopper.cancels(() => void cancelled.push("last"));
    const reason = new Error("one");
    stopper.stop(reason);
    stopper.stop(new Error("two"));
    expect(stopper.reason).toBe(reason);
    expect(cancelled).toEqual(["last"]);
  });

  test("waits for work as it ends, or until it is stopped, or not at all when it is", async () => {
    const { stopper } = opened();
    const mine = new Error("mine");
    expect(await stopper.race(Promise.resolve(1))).toBe(1);
    await expect(stopper.race(Promise.reject(mine))).rejects.toBe(mine);
    const reason = new Error("stopped");
    const waiting = stopper.race(new Promise(() => {}));
    stopper.stop(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(stopper.race(new Promise(() => {}))).rejects.toBe(reason);
    await expect(stopper.race(Promise.reject(mine))).rejects.toBe(reason);
  });

  test("sleeps as long as it is told to, and leaves no timer when it is woken", async () => {
    const { clock, stopper } = opened();
    let over = false;
    const asleep = stopper.sleep(5).then(() => {
      over = true;
    });
    expect(liveTimers(clock)).toEqual([70, 5]);
    await settled();
    expect(over).toBe(false);
    clock.timers[1]?.fire();
    await asleep;
    const woken = stopper.sleep(6);
    const reason = new Error("stopped");
    stopper.stop(reason);
    await expect(woken).rejects.toBe(reason);
    expect(liveTimers(clock)).toEqual([70]);
  });

  test("leaves neither timer nor listener when it is over", () => {
    const abort = new AbortController();
    const { clock, stopper } = opened(abort.signal);
    expect(getEventListeners(abort.signal, "abort")).toHaveLength(1);
    stopper.dispose();
    expect(getEventListeners(abort.signal, "abort")).toHaveLength(0);
    expect(liveTimers(clock)).toEqual([]);
  });
});
