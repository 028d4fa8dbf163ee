/** Any number of calls wait for a signal by one listener, and none is left when they are over. */
import { getEventListeners } from "node:events";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { memory, open } from "../../lib/index.js";
import { onAborted } from "../../lib/roster/index.js";
import { City, type Given, openOptions } from "../every-call.js";

const listeners = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

test("whoever waits is called once, whoever stopped waiting never", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5)), fc.boolean(), (steps, aborts) => {
      const controller = new AbortController();
      const { signal } = controller;
      const waiting = new Map<number, () => void>();
      const called: number[] = [];
      for (const [at, step] of steps.entries()) {
        if (step === 0)
          for (const [one, stop] of [...waiting].slice(0, 1)) {
            stop();
            stop();
            waiting.delete(one);
          }
        else
          waiting.set(
            at,
            onAborted(signal, () => called.push(at)),
          );
        expect(listeners(signal)).toBe(waiting.size === 0 ? 0 : 1);
      }
      if (aborts) {
        controller.abort();
        expect(called.sort()).toEqual([...waiting.keys()].sort());
      }
      for (const stop of waiting.values()) stop();
      expect(listeners(signal)).toBe(0);
      expect(called).toHaveLength(aborts ? waiting.size : 0);
    }),
  );
});

test("one that is told may stop others, and begin to wait again", () => {
  const controller = new AbortController();
  const called: string[] = [];
  let stopSecond = (): void => {};
  onAborted(controller.signal, () => {
    called.push("first");
    stopSecond();
  });
  stopSecond = onAborted(controller.signal, () => called.push("second"));
  controller.abort();
  expect(called).toEqual(["first"]);
});

describe("calls with one signal", () => {
  let given: Given;
  beforeAll(async () => {
    const db = await open({ ...openOptions, engine: memory() });
    const { id } = await db.tenants.provision({ name: "France" });
    given = { db, tenant: db.tenant(id) };
    await given.tenant.repository(City).create({ id: 1, name: "Paris" });
  });
  afterAll(() => given.db.close());

  test("add one listener, however many they are, and leave none", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on("warning", onWarning);
    const { signal } = new AbortController();
    const cities = given.tenant.repository(City);
    const watches = Array.from({ length: 20 }, () => cities.watch(1, { signal })[Symbol.asyncIterator]());
    const calls = Array.from({ length: 100 }, (_, at) => [
      given.tenant.transact(async (tx) => tx.repository(City).get(1), { signal }),
      cities.put({ id: 100 + at, name: `${at}` }, { signal }),
      ...watches.slice(at, at + 1).map((watch) => watch.next()),
    ]).flat();
    expect(listeners(signal)).toBe(1);
    await Promise.all(calls);
    expect(listeners(signal)).toBe(1);
    await Promise.all(watches.map((watch) => watch.return?.()));
    expect(listeners(signal)).toBe(0);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });

  test("reject together when it is aborted, each with an error of its own", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const calls = Array.from({ length: 50 }, () =>
      given.tenant.transact(() => new Promise(() => {}), { signal }).catch((error: unknown) => error),
    );
    controller.abort("enough");
    const errors = await Promise.all(calls);
    expect(new Set(errors).size).toBe(50);
    for (const error of errors) expect(error).toMatchObject({ code: "TRANSACTION_ABORTED", cause: "enough" });
    expect(listeners(signal)).toBe(0);
  });

  test.each(["x", 5, {}, null, { aborted: "no", addEventListener() {} }])("refuse %j as a signal", async (signal) => {
    const refused = { code: "TRANSACTION_OPTION_INVALID", details: { option: "signal" } };
    await expect(given.tenant.transact(async () => {}, { signal: signal as never })).rejects.toMatchObject(refused);
    await expect(
      given.tenant.repository(City).put({ id: 1, name: "x" }, { signal: signal as never }),
    ).rejects.toMatchObject(refused);
    await expect(given.tenant.repository(City).get(1, { signal: signal as never })).rejects.toMatchObject(refused);
  });
});
