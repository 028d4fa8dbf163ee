/** Ports of a program's own, safe to be called: the one place where what they throw is caught. */
import { type Clock, systemClock } from "../clock.js";
import type { Logger } from "../logger.js";
import type { Meter } from "../meter.js";
import { type Random, systemRandom } from "../random.js";
import type { Tracer } from "../tracer.js";
import { PortFailures, type PortName } from "./port-failures.js";
import { safeClock } from "./safe-clock.js";
import { safeRandom } from "./safe-random.js";
import { safeLogger, safeMeter, safeTracer } from "./safe-sinks.js";

export { safeTime } from "./safe-clock.js";

/** Ports as a program gives them. */
export interface GivenPorts {
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  readonly logger?: Logger | undefined;
  readonly meter?: Meter | undefined;
  readonly tracer?: Tracer | undefined;
}

/** Ports that throw nothing, reject with nothing and answer what they should. */
export interface SafePorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger | undefined;
  readonly meter: Meter | undefined;
  readonly tracer: Tracer | undefined;
  /** A listener of the program's, likewise; undefined where there is none. */
  listener<E>(port: PortName, listen: ((event: E) => unknown) | undefined): ((event: E) => void) | undefined;
}

/** Makes ports safe. What fails is told to the logger once, as `PORT_FAILED`. */
export function safePorts({
  clock = systemClock,
  random = systemRandom,
  logger,
  meter,
  tracer,
}: GivenPorts): SafePorts {
  const failures = new PortFailures(logger);
  return {
    clock: safeClock(clock, failures),
    random: safeRandom(random, failures),
    logger: logger && safeLogger(logger, failures),
    meter: meter && safeMeter(meter, failures),
    tracer: tracer && safeTracer(tracer, failures),
    listener: (port, listen) => listen && ((event) => void failures.called(port, () => listen(event))),
  };
}
