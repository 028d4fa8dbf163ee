/** An attempt: what it waits for, what it remembers, and what its policy is asked. */
import { describe, expect, test } from "vitest";
import { tenantryError } from "../../lib/errors/index.js";
import { keyBytesMax } from "../../lib/limits/index.js";
import type { RecordChange } from "../../lib/transaction/index.js";
import { Attempt } from "../../lib/transaction/view/index.js";
import { arrayEngine } from "../engine/array-engine.js";
import { failure, opened, swallowed } from "./opened.js";

const change = { entity: "city", kind: "create" } as RecordChange;

/** Work that ends when told to. */
function held<T>() {
  let settle = { resolve: (_value: T): void => {}, reject: (_error: unknown): void => {} };
  const done = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { done, resolve: (value: T) => settle.resolve(value), reject: (error: unknown) => settle.reject(error) };
}

/** All that is due has happened. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("operations left unawaited", () => {
  test("are waited for, all of them, before that is an error", async () => {
    const { attempt } = opened();
    const [first, second] = [held<number>(), held<number>()];
    void attempt.perform("get", () => first.done);
    attempt.perform("get", () => second.done).catch(() => {});
    let error: unknown;
    const over = swallowed(attempt).catch((reason: unknown) => {
      error = reason;
    });
    await settled();
    expect(error).toBeUndefined();
    first.resolve(1);
    await settled();
    expect(error).toBeUndefined();
    second.reject(new Error("slow and failed"));
    await settled();
    expect(error).toMatchObject({ code: "TRANSACTION_OPERATION_PENDING", details: { pending: 2 } });
    await over;
  });

  test("that end in the same tick are an error at once", async () => {
    const { attempt } = opened();
    const work = held<number>();
    void attempt.perform("get", () => work.done);
    const over = attempt.awaited(Promise.resolve()).catch((reason: unknown) => reason);
    work.resolve(1);
    expect(await over).toMatchObject({ details: { pending: 1 } });
  });

  test("that end with nobody waiting for the attempt leave nothing unhandled", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", note);
    try {
      const { attempt } = opened();
      await attempt.perform("get", async () => 1);
      await attempt.perform("get", () => Promise.reject(new Error("mine"))).catch(() => {});
      await settled();
    } finally {
      process.off("unhandledRejection", note);
    }
    expect(unhandled).toEqual([]);
  });

  test("that were awaited in the end are none", async () => {
    const { attempt } = opened();
    const work = attempt.perform("get", async () => 1);
    expect(await attempt.awaited(work)).toBe(1);
    expect(await attempt.awaited(Promise.resolve(2))).toBe(2);
  });
});

describe("errors that the function swallows", () => {
  test("are remembered when they are violations, the first one, and no others", async () => {
    const { view, attempt } = opened();
    await failure(() => view.set(new Uint8Array(keyBytesMax + 1), Uint8Array.of(1)));
    await failure(() => attempt.perform("get", () => Promise.reject(new Error("of the engine"))));
    expect(attempt.noted(tenantryError("TENANT_UNAVAILABLE", {}))).toMatchObject({ code: "TENANT_UNAVAILABLE" });
    expect(await attempt.awaited(Promise.resolve("fine"))).toBe("fine");
    await failure(() => view.clear(Uint8Array.of(0xff, 1)));
    await failure(() => view.get(Uint8Array.of(0xff, 1)));
    await expect(swallowed(attempt)).rejects.toMatchObject({ details: { operation: "clear" } });
  });
});

describe("the policy", () => {
  test("is asked before the first write and not again", () => {
    const { view, writes, attempt } = opened();
    expect(attempt.wrote).toBe(false);
    view.set(Uint8Array.of(1), Uint8Array.of(1));
    view.clear(Uint8Array.of(1));
    view.addWriteConflictKey(Uint8Array.of(1));
    expect(writes()).toBe(1);
    expect(attempt.wrote).toBe(true);
  });

  test("is asked again by a write after the one it refused", async () => {
    const { view, writes, attempt } = opened({ writable: false });
    for (let n = 1; n <= 2; n++) {
      await failure(() => view.clear(Uint8Array.of(1)));
      expect([writes(), attempt.wrote]).toEqual([n, false]);
    }
  });

  test("is told of changes, where it wants to be", () => {
    const told: RecordChange[] = [];
    const engine = arrayEngine().begin();
    new Attempt(engine, { firstWrite() {}, change: (announced) => void told.push(announced) }).announce(change);
    expect(told).toEqual([change]);
    expect(new Attempt(engine, { firstWrite() {} }).announce(change)).toBeUndefined();
  });
});
