/** Observing and its ports: clock, randomness, logger, meter, tracer. */
export type { Clock } from "./clock.js";
export { systemClock } from "./clock.js";
export { LatencyHistogram } from "./latency-histogram.js";
export type { Logger } from "./logger.js";
export { silentLogger } from "./logger.js";
export type { Attributes, Counter, Gauge, Histogram, InstrumentOptions, Meter } from "./meter.js";
export { silentMeter } from "./meter.js";
export { type OpenTelemetryOptions, openTelemetry } from "./open-telemetry.js";
export type { Random } from "./random.js";
export { systemRandom } from "./random.js";
export { type SafePorts, safePorts, safeTime } from "./safe/index.js";
export { type ServiceLevel, ServiceLevels, type ServiceObjectives, type ServiceOutcome } from "./service-levels.js";
export { otherTenants, TenantLabels } from "./tenant-labels.js";
export type { Span, Tracer } from "./tracer.js";
export { silentTracer } from "./tracer.js";
