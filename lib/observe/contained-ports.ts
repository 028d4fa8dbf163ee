/** Contained ports: whatever a program's logger, meter or tracer throws, the work that it observes goes on. */
import type { Logger } from "./logger.js";
import { type Counter, type Histogram, type Meter, silentMeter } from "./meter.js";
import { type Span, silentTracer, type Tracer } from "./tracer.js";

/** Calls a port; what it throws, at once or later, is nobody's. */
function contain(call: () => unknown): void {
  try {
    const answer = call();
    if (answer instanceof Promise) answer.catch(() => {});
  } catch {
    // The work that is observed is what counts.
  }
}

/** What a port makes, or what stands in for it when it fails to. */
function made<T>(make: () => T, otherwise: () => T): T {
  try {
    return make();
  } catch {
    return otherwise();
  }
}

/** A logger that cannot fail. */
export const containedLogger = (logger: Logger): Logger => ({
  debug: (fields, message) => contain(() => logger.debug(fields, message)),
  info: (fields, message) => contain(() => logger.info(fields, message)),
  warn: (fields, message) => contain(() => logger.warn(fields, message)),
  error: (fields, message) => contain(() => logger.error(fields, message)),
});

const containedCounter = (counter: Counter): Counter => ({
  add: (value, attributes) => contain(() => counter.add(value, attributes)),
});

const containedRecorder = (recorder: Histogram): Histogram => ({
  record: (value, attributes) => contain(() => recorder.record(value, attributes)),
});

/** A meter that cannot fail, and whose instruments cannot. */
export const containedMeter = (meter: Meter): Meter => ({
  createCounter: (...named) =>
    made(
      () => containedCounter(meter.createCounter(...named)),
      () => silentMeter.createCounter(...named),
    ),
  createHistogram: (...named) =>
    made(
      () => containedRecorder(meter.createHistogram(...named)),
      () => silentMeter.createHistogram(...named),
    ),
  createGauge: (...named) =>
    made(
      () => containedRecorder(meter.createGauge(...named)),
      () => silentMeter.createGauge(...named),
    ),
});

const containedSpan = (span: Span): Span => ({
  setAttributes: (attributes) => contain(() => span.setAttributes(attributes)),
  fail: (code) => contain(() => span.fail(code)),
  end: () => contain(() => span.end()),
});

/** A tracer that cannot fail, and whose spans cannot. */
export const containedTracer = (tracer: Tracer): Tracer => ({
  startSpan: (name, attributes) =>
    made(
      () => containedSpan(tracer.startSpan(name, attributes)),
      () => silentTracer.startSpan(name, attributes),
    ),
});
