/** The meter port: counters and histograms in OpenTelemetry's shape, reduced to what the library records. */

/**
 * Attributes of a measurement or a span; a tenant's own id may be among them, keys and values never.
 *
 * @example
 * ```ts
 * import type { Attributes } from "tenantry";
 * const attributes: Attributes = { kind: "transact", outcome: "done" };
 * ```
 */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/**
 * Counts up.
 *
 * @example
 * ```ts
 * import type { Counter } from "tenantry";
 * let transactions = 0;
 * const counter: Counter = {
 *   add: (value) => {
 *     transactions += value;
 *   },
 * };
 * ```
 */
export interface Counter {
  add(value: number, attributes?: Attributes): void;
}

/**
 * Records single measurements, whose distribution matters.
 *
 * @example
 * ```ts
 * import type { Histogram } from "tenantry";
 * const slow: Histogram = {
 *   record: (value, attributes) => {
 *     if (value > 1_000) console.warn("slow", value, attributes);
 *   },
 * };
 * ```
 */
export interface Histogram {
  record(value: number, attributes?: Attributes): void;
}

/**
 * Shows the newest of values that go up and down.
 *
 * @example
 * ```ts
 * import type { Gauge } from "tenantry";
 * const newest = new Map<string, number>();
 * const gauge: Gauge = { record: (value, attributes) => void newest.set(String(attributes?.["tenant"]), value) };
 * ```
 */
export interface Gauge {
  record(value: number, attributes?: Attributes): void;
}

/**
 * What describes an instrument: text for people and a unit in UCUM (`ms`, `By`, `{row}`).
 *
 * @example
 * ```ts
 * import { type InstrumentOptions } from "tenantry";
 * const options: InstrumentOptions = { description: "Rows read", unit: "{row}" };
 * ```
 */
export interface InstrumentOptions {
  readonly description: string;
  readonly unit: string;
}

/**
 * Makes instruments; the shape of OpenTelemetry's `Meter`, which fits as it is.
 *
 * @example
 * ```ts
 * import { metrics } from "@opentelemetry/api";
 * import type { Meter } from "tenantry";
 * const meter: Meter = metrics.getMeter("my-service");
 * ```
 */
export interface Meter {
  createCounter(name: string, options: InstrumentOptions): Counter;
  createHistogram(name: string, options: InstrumentOptions): Histogram;
  createGauge(name: string, options: InstrumentOptions): Gauge;
}

const counter: Counter = { add() {} };
const recorder: Histogram & Gauge = { record() {} };

/** Records nothing. */
export const silentMeter: Meter = {
  createCounter: () => counter,
  createHistogram: () => recorder,
  createGauge: () => recorder,
};
