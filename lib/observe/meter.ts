/** The meter port: counters and histograms in OpenTelemetry's shape, reduced to what the library records. */

/** Attributes of a measurement or a span; a tenant's own id may be among them, keys and values never. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** Counts up. */
export interface Counter {
  add(value: number, attributes?: Attributes): void;
}

/** Records single measurements, whose distribution matters. */
export interface Histogram {
  record(value: number, attributes?: Attributes): void;
}

/** What describes an instrument: text for people and a unit in UCUM (`ms`, `By`, `{row}`). */
export interface InstrumentOptions {
  readonly description: string;
  readonly unit: string;
}

/** Makes instruments; the shape of OpenTelemetry's `Meter`, which fits as it is. */
export interface Meter {
  createCounter(name: string, options: InstrumentOptions): Counter;
  createHistogram(name: string, options: InstrumentOptions): Histogram;
}

const counter: Counter = { add() {} };
const histogram: Histogram = { record() {} };

/** Records nothing. */
export const silentMeter: Meter = { createCounter: () => counter, createHistogram: () => histogram };
