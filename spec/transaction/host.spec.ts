/** What the calls of one database share: tags, priorities, bounds, policies that make wait, violations counted. */
import { describe, expect, test } from "vitest";
import { isTenantryError } from "../../lib/errors/index.js";
import {
  idempotencyKeyBytesMax,
  transactionAttemptsMax,
  transactionDeadlineLongestMs,
  transactionDeadlineMs,
  violationReportsMax,
} from "../../lib/limits/index.js";
import { CapturedPorts } from "../../lib/testing/isolation/captured.js";
import { callBounds } from "../../lib/transaction/call/call-terms.js";
import type { CallPolicy, CallReport, CallTerms } from "../../lib/transaction/index.js";
import { bytes, codeOf, key, openFixture, scripted, terms } from "./fixture.js";
import { liveTimers, manualClock } from "./manual-clock.js";

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("an engine's transaction", () => {
  const optionsOf = async (tagged: boolean | undefined, priority: "batch" | "default" | undefined) => {
    const options: unknown[][] = [];
    await using fixture = await openFixture({ tagged }, (engine) => ({
      ...scripted(engine, []),
      begin() {
        const inner = engine.begin();
        return new Proxy(inner, {
          get(target, name) {
            const value: unknown = Reflect.get(target, name, target);
            if (typeof value !== "function") return value;
            return (...args: unknown[]) => {
              if (name === "setOption") options.push(args);
              return value.apply(target, args);
            };
          },
        });
      },
    }));
    const id = await fixture.tenant();
    await fixture.runner.transact(id, async (tx) => tx.set(key("a"), bytes("x")), { priority });
    const written = options.splice(0);
    await fixture.runner.read(id, (tx) => tx.get(key("a")), { priority });
    using session = fixture.runner.openReadSession(id, terms({ priority }));
    await session.read((tx) => tx.get(key("a")));
    return { written, read: options, tag: id.replaceAll("-", "").slice(0, 16) };
  };

  test("has no options of its own but that reads see no writes", async () => {
    const { written, read } = await optionsOf(undefined, undefined);
    expect(written).toEqual([]);
    expect(read).toEqual([["readYourWritesDisable"], ["readYourWritesDisable"]]);
    expect((await optionsOf(false, "default")).written).toEqual([]);
  });

  test("is tagged with its tenant, and gives way, where that is wanted", async () => {
    const { written, read, tag } = await optionsOf(true, "batch");
    const both = [["priorityBatch"], ["tag", tag]];
    expect(written).toEqual(both);
    expect(read).toEqual([...both, ["readYourWritesDisable"], ...both, ["readYourWritesDisable"]]);
    expect((await optionsOf(true, undefined)).written).toHaveLength(1);
  });
});

describe("bounds of a call", () => {
  test("are the defaults where none are given, and what is given up to the limits", () => {
    expect(callBounds(terms({}))).toEqual({ attempts: transactionAttemptsMax, deadlineMs: transactionDeadlineMs });
    expect(callBounds(terms({ attempts: 1, deadline: 0.5 }))).toEqual({ attempts: 1, deadlineMs: 0.5 });
    expect(callBounds(terms({ deadline: transactionDeadlineLongestMs })).deadlineMs).toBe(transactionDeadlineLongestMs);
    for (const priority of ["batch", "default", undefined] as const) callBounds(terms({ priority }));
    for (const idempotencyKey of ["k", "\0", "x".repeat(idempotencyKeyBytesMax), "\u{1f600}"]) {
      callBounds(terms({ idempotencyKey }));
    }
  });

  test.each([
    ["attempts", { attempts: 0 }, "not a whole number from 1"],
    ["attempts", { attempts: 1.5 }, "not a whole number from 1"],
    ["attempts", { attempts: Number.NaN }, "not a whole number from 1"],
    ["deadline", { deadline: 0 }, `not milliseconds above 0 and up to ${transactionDeadlineLongestMs}`],
    ["deadline", { deadline: transactionDeadlineLongestMs + 1 }, /^not milliseconds/],
    ["deadline", { deadline: "soon" }, /^not milliseconds/],
    ["priority", { priority: "high" }, "neither `default` nor `batch`"],
    ["idempotencyKey", { idempotencyKey: "" }, `not well-formed text of 1 to ${idempotencyKeyBytesMax} bytes`],
    ["idempotencyKey", { idempotencyKey: "x".repeat(idempotencyKeyBytesMax + 1) }, /^not well-formed/],
    ["idempotencyKey", { idempotencyKey: "\ud800" }, /^not well-formed/],
    ["idempotencyKey", { idempotencyKey: 7 }, /^not well-formed/],
    ["idempotencyKey", { idempotencyKey: ["k"] }, /^not well-formed/],
  ])("refuse %s of %o", (option, options, reason) => {
    let error: unknown;
    try {
      callBounds(terms(options as Partial<CallTerms>));
    } catch (thrown) {
      error = thrown;
    }
    if (!isTenantryError(error, "TRANSACTION_OPTION_INVALID")) return expect.unreachable();
    expect(error.details.option).toBe(option);
    expect(error.details.reason).toMatch(reason);
  });
});

describe("policies that make a call wait", () => {
  /** A policy that lets calls in when told to. */
  function door() {
    const waiting: { admit(): void; refuse(error: Error): void }[] = [];
    const ended: CallReport[] = [];
    let left = 0;
    const policy: CallPolicy = {
      name: "door",
      enter: ({ onStop }) =>
        new Promise((resolve, reject) => {
          onStop(() => left++);
          waiting.push({ admit: () => resolve((report) => void ended.push(report)), refuse: reject });
        }),
    };
    return { policy, waiting, ended, left: () => left };
  }

  test("have it wait its turn; its report covers what it came to after that", async () => {
    const { policy, waiting, ended, left } = door();
    const clock = manualClock();
    await using fixture = await openFixture({ policies: [policy], clock });
    const id = await fixture.tenant();
    let ran = false;
    const call = fixture.runner.transact(id, async (tx) => {
      ran = true;
      clock.time += 7;
      tx.set(key("a"), bytes("x"));
      return "done";
    });
    await settled();
    expect(ran).toBe(false);
    clock.time += 1_000;
    waiting[0]?.admit();
    expect(await call).toBe("done");
    expect(ended).toMatchObject([{ attempts: 1, conflicts: 0, ms: 7, failure: undefined }]);
    expect(left()).toBe(0);
  });

  test("lose it at its deadline or its signal, and end it at once if they let it in after that", async () => {
    const { policy, waiting, ended, left } = door();
    const clock = manualClock();
    await using fixture = await openFixture({ policies: [policy], clock });
    const id = await fixture.tenant();
    const abort = new AbortController();
    let ran = 0;
    const fn = async (): Promise<void> => void ran++;
    const calls = [
      codeOf(fixture.runner.read(id, fn, { deadline: 77_000 })),
      codeOf(fixture.runner.transact(id, fn, { signal: abort.signal })),
      codeOf(fixture.runner.transact(id, fn, { signal: AbortSignal.abort() })),
    ];
    await settled();
    expect(waiting).toHaveLength(2);
    clock.timers.find(({ ms }) => ms === 77_000)?.fire();
    abort.abort();
    expect(left()).toBe(2);
    expect(await Promise.all(calls)).toEqual([
      "TRANSACTION_DEADLINE_PASSED",
      "TRANSACTION_ABORTED",
      "TRANSACTION_ABORTED",
    ]);
    expect(ended).toEqual([]);
    for (const each of waiting) each.admit();
    await settled();
    const refused = { attempts: 0, conflicts: 0, rows: 0, bytesRead: 0, bytesWritten: 0, ms: 0, failure: "refused" };
    expect(ended).toEqual([refused, refused]);
    expect(ran).toBe(0);
    expect(liveTimers(clock)).toEqual([]);
  });

  test("may refuse it after that, which nobody hears of", async () => {
    const { policy, waiting } = door();
    await using fixture = await openFixture({ policies: [policy] });
    const id = await fixture.tenant();
    const abort = new AbortController();
    const call = codeOf(fixture.runner.read(id, async () => 1, { signal: abort.signal }));
    await settled();
    abort.abort();
    expect(await call).toBe("TRANSACTION_ABORTED");
    waiting[0]?.refuse(new Error("too late"));
    await settled();
  });

  test("are asked one after the other, whether or not those before make it wait", async () => {
    const order: string[] = [];
    const named = (name: string, wait: boolean, told = true): CallPolicy => ({
      name,
      enter() {
        order.push(name);
        const end = told ? (): void => void order.push(`${name} ended`) : undefined;
        return wait ? Promise.resolve(end) : end;
      },
    });
    const policies = [
      named("a", false),
      named("b", true),
      named("c", false),
      named("d", true, false),
      named("e", true),
    ];
    await using fixture = await openFixture({ policies });
    const id = await fixture.tenant();
    await fixture.runner.read(id, async () => order.push("run"));
    expect(order).toEqual(["a", "b", "c", "d", "e", "run", "e ended", "c ended", "b ended", "a ended"]);
  });

  test("that refuse at once or later end what those before them let in", async () => {
    for (const enter of [
      (): never => {
        throw new RangeError("full");
      },
      () => Promise.reject(new RangeError("full")),
    ]) {
      for (const waits of [false, true]) {
        const ended: (string | undefined)[] = [];
        const end = ({ failure }: CallReport): void => void ended.push(failure);
        const first: CallPolicy = { name: "first", enter: () => (waits ? Promise.resolve(end) : end) };
        await using fixture = await openFixture({ policies: [first, { name: "full", enter }] });
        const id = await fixture.tenant();
        expect(await codeOf(fixture.runner.read(id, async () => 1))).toBe("RangeError: full");
        expect(ended).toEqual(["refused"]);
      }
    }
  });

  test("hear nothing of the control plane's calls, and know a call's priority", async () => {
    const asked: unknown[] = [];
    const policy: CallPolicy = {
      name: "asked",
      enter({ kind, tenantId, priority, label, context }) {
        asked.push({ kind, tenantId, priority, label, context });
        return undefined;
      },
    };
    await using fixture = await openFixture({ policies: [policy] });
    const id = await fixture.tenant();
    await fixture.system.system(async () => 1);
    await fixture.runner.read(id, async () => 1);
    await fixture.runner.transact(id, async () => 1, { priority: "batch" });
    const common = { tenantId: id, label: {}, context: undefined };
    expect(asked).toEqual([
      { kind: "read", priority: "default", ...common },
      { kind: "transact", priority: "batch", ...common },
    ]);
  });

  test("are told how a call ended before what follows its commit", async () => {
    const order: string[] = [];
    const policy: CallPolicy = { name: "p", enter: () => () => void order.push("ended") };
    await using fixture = await openFixture({ policies: [policy] });
    const id = await fixture.tenant();
    await fixture.runner.transact(id, async (tx) => {
      tx.set(key("a"), bytes("x"));
      tx.afterCommit(() => void order.push("followed"));
    });
    expect(order).toEqual(["ended", "followed"]);
  });
});

describe("violations", () => {
  test("are counted, all of them, though only some are reported in each second", async () => {
    const clock = manualClock();
    const { meter, logger, said } = new CapturedPorts();
    const reported: number[] = [];
    const onViolation = ({ suppressed }: { suppressed: number }): void => void reported.push(suppressed);
    await using fixture = await openFixture({ clock, meter, logger, onViolation });
    const id = await fixture.tenant();
    const violate = () => codeOf(fixture.runner.read(id, (tx) => tx.get(Uint8Array.of(0xff))));
    for (let n = 0; n < violationReportsMax + 3; n++) expect(await violate()).toBe("ISOLATION_VIOLATION");
    clock.time += 60_000;
    await violate();
    expect(reported).toEqual([...Array.from({ length: violationReportsMax }, () => 0), 3]);
    const counted = said.filter((each) => JSON.stringify(each).includes("tenantry.isolation.violations"));
    const attributes = { operation: "get", reason: "keyOutside" };
    expect(counted.at(-1)).toEqual(["counter", "tenantry.isolation.violations", 4, attributes]);
    expect(counted).toHaveLength(violationReportsMax + 1);
  });

  test("have a counter that says so", async () => {
    const made = new Map<string, unknown>();
    const instrument = (name: string, options: unknown) => {
      made.set(name, options);
      return { add() {}, record() {} };
    };
    const meter = { createCounter: instrument, createHistogram: instrument, createGauge: instrument };
    await using _fixture = await openFixture({ meter });
    expect(made.get("tenantry.isolation.violations")).toEqual({
      description: "Attempts to leave a tenant, all refused",
      unit: "{violation}",
    });
  });
});

test("a failure after the commit is logged with its tenant, in these words", async () => {
  const { logger, said } = new CapturedPorts();
  await using fixture = await openFixture({ logger });
  const id = await fixture.tenant();
  await fixture.runner.transact(id, async (tx) => {
    tx.set(key("a"), bytes("x"));
    tx.afterCommit(() => Promise.reject(new Error("boom")));
  });
  expect(said).toContainEqual([
    "log",
    "error",
    { tenant: id, err: expect.objectContaining({ code: "AFTER_COMMIT_FAILED" }) },
    "a function to run after the commit failed",
  ]);
});
