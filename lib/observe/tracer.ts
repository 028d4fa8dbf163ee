/** The tracer port: spans around transactions, in the part of OpenTelemetry's shape that the library needs. */
import type { Attributes } from "./meter.js";

/**
 * A piece of work with a beginning and an end.
 *
 * @example
 * ```ts
 * import type { Span } from "tenantry";
 * const span: Span = { setAttributes() {}, fail: (code) => console.warn(code), end() {} };
 * ```
 */
export interface Span {
  setAttributes(attributes: Attributes): void;
  /** Marks the work as failed; `code` is a stable error code, never a message that could hold data. */
  fail(code: string): void;
  end(): void;
}

/**
 * Starts spans.
 *
 * @example
 * ```ts
 * import type { Tracer } from "tenantry";
 * const tracer: Tracer = {
 *   startSpan(name) {
 *     const begun = performance.now();
 *     return { setAttributes() {}, fail() {}, end: () => console.debug(name, performance.now() - begun, "ms") };
 *   },
 * };
 * ```
 */
export interface Tracer {
  startSpan(name: string, attributes?: Attributes): Span;
}

const span: Span = { setAttributes() {}, fail() {}, end() {} };

/** Traces nothing. */
export const silentTracer: Tracer = { startSpan: () => span };
