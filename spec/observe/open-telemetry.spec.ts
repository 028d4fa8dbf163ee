/** OpenTelemetry's SDK hears of a database's calls: spans, metrics, and nothing of anybody's data. */
import { context as activeContext, type Context, type ContextManager, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { entity, memory, open, openTelemetry } from "../../lib/index.js";

const Note = entity("note", {
  version: 1,
  schema: z.object({ id: z.string(), text: z.string() }),
  id: ["id"],
});

/** Remembers the active context for as long as a function runs. */
class StackManager implements ContextManager {
  #active: Context = ROOT_CONTEXT;

  active(): Context {
    return this.#active;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    const before = this.#active;
    this.#active = context;
    try {
      return fn.call(thisArg as ThisParameterType<F>, ...args);
    } finally {
      this.#active = before;
    }
  }

  bind<T>(_context: Context, target: T): T {
    return target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    return this;
  }
}

async function telemetry() {
  const spans = new InMemorySpanExporter();
  const tracing = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000_000 });
  const metering = new MeterProvider({ readers: [reader] });
  const tracer = tracing.getTracer("spec");
  const ports = openTelemetry({ meter: metering.getMeter("spec"), tracer });
  return {
    tracer,
    ports,
    spans: () => spans.getFinishedSpans(),
    async points(name: string) {
      await reader.forceFlush();
      const metrics =
        exporter
          .getMetrics()
          .at(-1)
          ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
      return metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [];
    },
    end: async () => {
      await metering.shutdown();
      await tracing.shutdown();
    },
  };
}

describe("OpenTelemetry", () => {
  test("gets a span per call, with names and counts but no keys, values or messages", async () => {
    const told = await telemetry();
    await using db = await open({ engine: memory(), entities: [Note], ...told.ports });
    const { id } = await db.tenants.provision({ name: "Acme" });
    const notes = db.tenant(id).repository(Note);
    await notes.create({ id: "secret-id", text: "secret-text" });
    await expect(notes.create({ id: "secret-id", text: "secret-text" })).rejects.toThrow();
    await notes.list();
    const spans = told.spans().filter(({ attributes }) => attributes["tenantry.tenant"] === id);
    expect(spans.map(({ name }) => name)).toEqual(["create note", "create note", "list note"]);
    expect(spans[0]?.attributes).toMatchObject({
      "db.system.name": "memory",
      "db.operation.name": "create",
      "db.collection.name": "note",
      "tenantry.attempts": 1,
      "tenantry.conflicts": 0,
    });
    expect(spans[1]?.status).toEqual({ code: 2, message: "RECORD_EXISTS" });
    expect(spans[1]?.attributes["error.type"]).toBe("RECORD_EXISTS");
    expect(spans[2]?.attributes["tenantry.rows"]).toBe(1);
    const said = JSON.stringify(
      told.spans().map(({ name, attributes, status, events }) => [name, attributes, status, events]),
    );
    expect(said).not.toMatch(/secret/);
    await told.end();
  });

  test("hangs a call's span under the span that is active where the call is made", async () => {
    activeContext.setGlobalContextManager(new StackManager());
    const told = await telemetry();
    await using db = await open({ engine: memory(), entities: [Note], ...told.ports });
    const { id } = await db.tenants.provision({ name: "Acme" });
    const parent = told.tracer.startSpan("request");
    await activeContext.with(trace.setSpan(activeContext.active(), parent), () =>
      db.tenant(id).repository(Note).get("1"),
    );
    const span = told.spans().find(({ name }) => name === "get note");
    expect(span?.parentSpanContext?.spanId).toBe(parent.spanContext().spanId);
    activeContext.disable();
    await told.end();
  });

  test("counts per tenant, with as many labels as wanted", async () => {
    const told = await telemetry();
    await using db = await open({ engine: memory(), entities: [Note], tenantLabels: 1, ...told.ports });
    const ids = [];
    for (const name of ["a", "b", "c"]) ids.push((await db.tenants.provision({ name })).id);
    for (const id of ids) await db.tenant(id).repository(Note).create({ id: "1", text: "x" });
    for (const id of ids.slice(0, 1)) await db.tenant(id).repository(Note).get("1");
    const sums = new Map<unknown, number>();
    for (const { attributes, value } of await told.points("tenantry.transactions")) {
      if (attributes["tenant"] !== undefined)
        sums.set(attributes["tenant"], (sums.get(attributes["tenant"]) ?? 0) + Number(value));
    }
    expect(sums).toEqual(
      new Map<unknown, number>([
        [ids[0], 2],
        ["other", 2],
      ]),
    );
    const written = await told.points("tenantry.bytes.written");
    expect(
      written.filter(({ attributes }) => attributes["kind"] === "transact").every(({ value }) => Number(value) > 10),
    ).toBe(true);
    const [read] = (await told.points("tenantry.bytes.read")).filter(({ attributes }) => attributes["kind"] === "read");
    expect(Number(read?.value)).toBeGreaterThan(10);
    expect((await told.points("tenantry.transaction.duration")).length).toBeGreaterThan(0);
    await told.end();
  });
});
