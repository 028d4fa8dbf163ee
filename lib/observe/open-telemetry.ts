/** OpenTelemetry behind the ports: the meter as it is, the tracer with its spans' errors as codes. */
import {
  type Meter as ApiMeter,
  type Span as ApiSpan,
  type Tracer as ApiTracer,
  metrics,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { optionNames, takeOptions } from "../options/index.js";
import type { Attributes, Meter } from "./meter.js";
import type { Span, Tracer } from "./tracer.js";

/**
 * Where traces and metrics go.
 *
 * @example
 * ```ts
 * import { trace } from "@opentelemetry/api";
 * import { type OpenTelemetryOptions, openTelemetry } from "tenantry";
 * const options: OpenTelemetryOptions = { tracer: trace.getTracer("billing", "2.1.0") };
 * const { tracer } = openTelemetry(options);
 * ```
 */
export interface OpenTelemetryOptions {
  /** Default: the global meter provider's meter `tenantry`. */
  readonly meter?: ApiMeter | undefined;
  /** Default: the global tracer provider's tracer `tenantry`. */
  readonly tracer?: ApiTracer | undefined;
}

const names = optionNames<OpenTelemetryOptions>({ meter: true, tracer: true });

class ApiSpanPort implements Span {
  readonly #span: ApiSpan;

  constructor(span: ApiSpan) {
    this.#span = span;
  }

  setAttributes(attributes: Attributes): void {
    this.#span.setAttributes(attributes);
  }

  fail(code: string): void {
    this.#span.setAttribute("error.type", code);
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message: code });
  }

  end(): void {
    this.#span.end();
  }
}

/**
 * The ports of `open` over OpenTelemetry's API; which exporter and which sampling is the program's choice of SDK.
 * A span is a child of whatever span is active where a call is made.
 *
 * @throws `OPTION_UNKNOWN`, `OPTIONS_INVALID`
 *
 * @example
 * ```ts
 * import { embedded, open, openTelemetry } from "tenantry";
 * const db = await open({ engine: embedded("./data"), entities: [], ...openTelemetry() });
 * ```
 */
export function openTelemetry(options?: OpenTelemetryOptions): { readonly meter: Meter; readonly tracer: Tracer } {
  const { meter = metrics.getMeter("tenantry"), tracer = trace.getTracer("tenantry") } = takeOptions(
    options,
    names,
    "openTelemetry",
  );
  return {
    meter,
    tracer: {
      startSpan: (name, attributes = {}) =>
        new ApiSpanPort(tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes })),
    },
  };
}
