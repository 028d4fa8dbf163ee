/** Loggers, meters and tracers that the library can tell anything: what they throw or reject with changes nothing. */
import { type Logger, silentLogger } from "../logger.js";
import { type Attributes, type Counter, type Gauge, type Histogram, type Meter, silentMeter } from "../meter.js";
import { type Span, silentTracer, type Tracer } from "../tracer.js";
import type { PortFailures } from "./port-failures.js";

/** The methods are looked up when they are called: a logger may change its own with its level. */
export function safeLogger(logger: Logger, failures: PortFailures): Logger {
  if (logger === silentLogger) return logger;
  return {
    debug: (fields, message) => void failures.called("logger", () => logger.debug(fields, message)),
    info: (fields, message) => void failures.called("logger", () => logger.info(fields, message)),
    warn: (fields, message) => void failures.called("logger", () => logger.warn(fields, message)),
    error: (fields, message) => void failures.called("logger", () => logger.error(fields, message)),
  };
}

export function safeMeter(meter: Meter, failures: PortFailures): Meter {
  if (meter === silentMeter) return meter;
  const recorder = (made: Histogram | Gauge | undefined): Histogram & Gauge => ({
    record: (value, attributes) => void failures.called("meter", () => made?.record(value, attributes)),
  });
  const counter = (made: Counter | undefined): Counter => ({
    add: (value, attributes) => void failures.called("meter", () => made?.add(value, attributes)),
  });
  return {
    createCounter: (name, options) => counter(failures.called("meter", () => meter.createCounter(name, options))),
    createHistogram: (name, options) => recorder(failures.called("meter", () => meter.createHistogram(name, options))),
    createGauge: (name, options) => recorder(failures.called("meter", () => meter.createGauge(name, options))),
  };
}

/** A span whose tracer may fail; it ends once, whatever becomes of what is said of it. */
class SafeSpan implements Span {
  readonly #span: Span | undefined;
  readonly #failures: PortFailures;

  constructor(span: Span | undefined, failures: PortFailures) {
    this.#span = span;
    this.#failures = failures;
  }

  setAttributes(attributes: Attributes): void {
    this.#failures.called("tracer", () => this.#span?.setAttributes(attributes));
  }

  fail(code: string): void {
    this.#failures.called("tracer", () => this.#span?.fail(code));
  }

  end(): void {
    this.#failures.called("tracer", () => this.#span?.end());
  }
}

export function safeTracer(tracer: Tracer, failures: PortFailures): Tracer {
  if (tracer === silentTracer) return tracer;
  return {
    startSpan: (name, attributes) =>
      new SafeSpan(
        failures.called("tracer", () => tracer.startSpan(name, attributes)),
        failures,
      ),
  };
}
