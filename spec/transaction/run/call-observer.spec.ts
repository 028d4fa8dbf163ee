/** What is told of a call: to whom, under which names, and whose fault a failure was. */
import { describe, expect, test } from "vitest";
import { EngineError } from "../../../lib/engine/index.js";
import { tenantryError } from "../../../lib/errors/index.js";
import type { InstrumentOptions } from "../../../lib/observe/index.js";
import { silentLogger, silentMeter, silentTracer, TenantLabels } from "../../../lib/observe/index.js";
import { newTenantId } from "../../../lib/tenant/index.js";
import { CapturedPorts } from "../../../lib/testing/isolation/captured.js";
import { program } from "../../../lib/transaction/call/actor.js";
import { callTerms } from "../../../lib/transaction/index.js";
import { CallObserver, type ObserverOptions } from "../../../lib/transaction/run/call-observer.js";
import type { Tally } from "../../../lib/transaction/run/tally.js";
import { terms } from "../fixture.js";
import { manualClock } from "../manual-clock.js";

const id = newTenantId();
const tally: Tally = { attempts: 3, conflicts: 2, rows: 5, bytesRead: 70, bytesWritten: 90 };
const nothing: Tally = { attempts: 1, conflicts: 0, rows: 0, bytesRead: 0, bytesWritten: 0 };
const label = { entity: "city", operation: "put" };

function opened(options: Partial<ObserverOptions> = {}) {
  const clock = manualClock();
  const ports = new CapturedPorts();
  const levels: unknown[] = [];
  const serviceLevels = { record: (...told: unknown[]) => void levels.push(told) };
  const { logger, meter, tracer } = ports;
  // Of the service levels a call is recorded in, nothing else is used.
  const given = { engine: "array", clock, logger, meter, tracer, serviceLevels: serviceLevels as never, ...options };
  const observer = new CallObserver(given);
  const observe = (call: Parameters<CallObserver["begin"]>[0], ended: Tally, error?: unknown): unknown[] => {
    ports.said.length = 0;
    levels.length = 0;
    const observed = observer.begin(call);
    clock.time += 12;
    if (error !== undefined) observed?.failed(error);
    observed?.end(ended);
    return [...ports.said];
  };
  return { observe, observer, levels, ports };
}

describe("a call", () => {
  test("is told to tracer, meter, logger and service levels", () => {
    const { observe, levels } = opened();
    expect(observe({ kind: "transact", tenantId: id, terms: terms({ label }), actor: program }, tally)).toStrictEqual([
      [
        "span",
        "put city",
        { "db.system.name": "array", "db.operation.name": "put", "db.collection.name": "city", "tenantry.tenant": id },
      ],
      ["attributes", { "tenantry.attempts": 3, "tenantry.conflicts": 2, "tenantry.rows": 5 }],
      ["end"],
      ["counter", "tenantry.transactions", 1, { kind: "transact", outcome: "done" }],
      ["counter", "tenantry.transaction.attempts", 3, { kind: "transact" }],
      ["counter", "tenantry.transaction.conflicts", 2, { kind: "transact" }],
      ["counter", "tenantry.rows.read", 5, { kind: "transact" }],
      ["counter", "tenantry.bytes.read", 70, { kind: "transact" }],
      ["counter", "tenantry.bytes.written", 90, { kind: "transact" }],
      ["histogram", "tenantry.transaction.duration", 12, { kind: "transact" }],
      [
        "log",
        "debug",
        { tenant: id, kind: "transact", entity: "city", operation: "put", attempts: 3, rows: 5, ms: 12 },
        "transaction",
      ],
    ]);
    expect(levels).toEqual([[id, "served", 12]]);
  });

  test("that did and says little leaves out what there is nothing of; the control plane's has no tenant", () => {
    const { observe, levels } = opened();
    expect(observe({ kind: "system", tenantId: undefined, terms: terms({}), actor: program }, nothing)).toStrictEqual([
      ["span", "tenantry.system", { "db.system.name": "array", "db.operation.name": "system" }],
      ["attributes", { "tenantry.attempts": 1, "tenantry.conflicts": 0, "tenantry.rows": 0 }],
      ["end"],
      ["counter", "tenantry.transactions", 1, { kind: "system", outcome: "done" }],
      ["counter", "tenantry.transaction.attempts", 1, { kind: "system" }],
      ["histogram", "tenantry.transaction.duration", 12, { kind: "system" }],
      [
        "log",
        "debug",
        { tenant: undefined, kind: "system", entity: undefined, operation: undefined, attempts: 1, rows: 0, ms: 12 },
        "transaction",
      ],
    ]);
    expect(levels).toEqual([]);
    const [span] = observe({ kind: "read", tenantId: id, terms: callTerms("sum"), actor: program }, nothing);
    expect(span).toEqual(["span", "sum", expect.objectContaining({ "db.operation.name": "sum" })]);
  });

  test("that fails is told by its code, and in no other words", () => {
    const { observe } = opened();
    const call = { kind: "read", tenantId: id, terms: terms({}), actor: program } as const;
    const said = observe(call, nothing, tenantryError("TENANT_UNAVAILABLE", {}));
    expect(said).toContainEqual(["fail", "TENANT_UNAVAILABLE"]);
    expect(said).toContainEqual([
      "counter",
      "tenantry.transactions",
      1,
      { kind: "read", outcome: "TENANT_UNAVAILABLE" },
    ]);
    expect(said.at(-1)).toEqual([
      "log",
      "debug",
      expect.objectContaining({ failure: "TENANT_UNAVAILABLE" }),
      "transaction",
    ]);
    expect(observe(call, nothing, new EngineError(1020))).toContainEqual(["fail", "ENGINE"]);
  });

  test("that failed for an error of the program's own says nothing of it", () => {
    const { observe, levels } = opened();
    const call = { kind: "read", tenantId: id, terms: terms({}), actor: program } as const;
    const secret = { code: "secret", name: "secret", message: "secret", family: "unavailable" };
    const branded = Object.defineProperties({}, { [Symbol.for("tenantry.error")]: { value: true } });
    const throwing = new Proxy(new Error("secret"), {
      get: () => {
        throw new Error("secret");
      },
      has: () => {
        throw new Error("secret");
      },
    });
    const own = [
      Object.assign(new RangeError(), secret),
      Object.assign(branded, secret),
      "secret",
      Symbol("secret"),
      throwing,
      Object.assign(Object.create(branded), { code: "toString" }),
      Object.assign(Object.create(branded), { code: "__proto__" }),
    ];
    for (const error of own) {
      const said = observe(call, nothing, error);
      expect(said).toContainEqual(["fail", "other"]);
      expect(said).toContainEqual(["counter", "tenantry.transactions", 1, { kind: "read", outcome: "other" }]);
      expect(JSON.stringify(said)).not.toContain("secret");
      expect(levels).toEqual([]);
    }
  });

  test("that was refused before it began is told with nothing done", () => {
    const { observer, ports } = opened();
    observer.refused({ kind: "read", tenantId: id, terms: terms({}), actor: program }, new RangeError("full"));
    expect(ports.said).toContainEqual(["fail", "other"]);
    expect(ports.said).toContainEqual(["counter", "tenantry.transaction.attempts", 0, { kind: "read" }]);
  });

  test("is measured by tenant where tenants have labels", () => {
    const clock = manualClock();
    const { observe } = opened({ tenantLabels: new TenantLabels(clock, 1) });
    const other = newTenantId();
    for (const [tenantId, tenant] of [
      [id, id],
      [other, "other"],
    ] as const) {
      const said = observe({ kind: "read", tenantId, terms: terms({}), actor: program }, tally);
      expect(said).toContainEqual(["counter", "tenantry.rows.read", 5, { kind: "read", tenant }]);
      expect(said).toContainEqual(["counter", "tenantry.transactions", 1, { kind: "read", tenant, outcome: "done" }]);
    }
    const system = observe({ kind: "system", tenantId: undefined, terms: terms({}), actor: program }, tally);
    expect(system).toContainEqual(["counter", "tenantry.rows.read", 5, { kind: "system" }]);
  });
});

describe("a failure", () => {
  test("is the service's fault when it was unavailable or stored bytes are damaged, else the caller's", () => {
    const { observe, levels } = opened();
    const call = { kind: "read", tenantId: id, terms: terms({}), actor: program } as const;
    const recorded = (error: unknown): unknown[] => {
      observe(call, nothing, error);
      return [...levels];
    };
    const failed = [[id, "failed", 12]];
    expect(recorded(tenantryError("MARKER_CORRUPT", {}))).toEqual(failed);
    expect(recorded(tenantryError("TRANSACTION_DEADLINE_PASSED", { deadlineMs: 1, attempts: 1 }))).toEqual(failed);
    for (const error of [
      tenantryError("TRANSACTION_ABORTED", { attempts: 1 }),
      tenantryError("TRANSACTION_NESTED", {}),
      new RangeError("mine"),
      "mine",
    ]) {
      expect(recorded(error)).toEqual([]);
    }
  });
});

describe("where nobody listens", () => {
  const call = { kind: "read", tenantId: id, terms: terms({}), actor: program } as const;
  const silent = { serviceLevels: undefined, logger: silentLogger, meter: silentMeter, tracer: silentTracer };

  test("a call is not observed", () => {
    expect(opened(silent).observer.begin(call)).toBeUndefined();
    const none = { ...silent, logger: undefined, meter: undefined, tracer: undefined };
    const { observer } = opened(none);
    expect(observer.begin(call)).toBeUndefined();
    expect(() => observer.refused(call, new Error("no"))).not.toThrow();
  });

  test("one listener is enough, and the others are left alone", () => {
    const ports = new CapturedPorts();
    const told = (options: Partial<ObserverOptions>, only: string): void => {
      ports.said.length = 0;
      const { observer } = opened({ ...silent, ...options });
      observer.begin(call)?.end(nothing);
      expect(ports.said.length).toBeGreaterThan(0);
      expect(JSON.stringify(ports.said[0])).toContain(only);
    };
    told({ logger: ports.logger }, "log");
    told({ meter: ports.meter }, "counter");
    told({ tracer: ports.tracer }, "span");
    const levels: unknown[] = [];
    const serviceLevels = { record: (...each: unknown[]) => void levels.push(each) };
    opened({ ...silent, serviceLevels: serviceLevels as never })
      .observer.begin(call)
      ?.end(nothing);
    expect(levels).toHaveLength(1);
  });
});

test("instruments say what they count, and in which unit", () => {
  const made: [name: string, options: InstrumentOptions | undefined][] = [];
  const noted = (name: string, options?: InstrumentOptions) => {
    made.push([name, options]);
    return { add() {}, record() {} };
  };
  const meter = { createCounter: noted, createHistogram: noted, createGauge: noted };
  opened({ meter });
  expect(made.map(([name, options]) => [name, options?.unit])).toEqual([
    ["tenantry.transactions", "{transaction}"],
    ["tenantry.transaction.attempts", "{attempt}"],
    ["tenantry.transaction.conflicts", "{attempt}"],
    ["tenantry.rows.read", "{row}"],
    ["tenantry.bytes.read", "By"],
    ["tenantry.bytes.written", "By"],
    ["tenantry.transaction.duration", "ms"],
  ]);
  for (const [, options] of made) expect(options?.description).toMatch(/^[A-Z].* by kind/);
});
