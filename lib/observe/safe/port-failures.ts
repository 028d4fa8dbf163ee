/** Failures of ports: what a program's own clock, logger or listener throws is told once, and changes nothing. */
import { tenantryError } from "../../errors/index.js";
import type { Logger } from "../logger.js";

/** What a program puts into a database, and the database calls. */
export type PortName = "clock" | "random" | "logger" | "meter" | "tracer" | "onViolation" | "onDenied";

/** Calls ports, and hears of what they throw or reject with. */
export class PortFailures {
  readonly #logger: Logger | undefined;
  readonly #told = new Set<PortName>();

  /** @param logger Told of the first failure of each port, but of its own. */
  constructor(logger: Logger | undefined) {
    this.#logger = logger;
  }

  /** What `work`, a call of the port, returns; undefined when it throws. A promise that it returns is looked after. */
  called<T>(port: PortName, work: () => T): T | undefined {
    try {
      const result = work();
      if (typeof result === "object" && result !== null) {
        Promise.resolve(result).then(undefined, (cause: unknown) => this.failed(port, cause));
      }
      return result;
    } catch (cause) {
      this.failed(port, cause);
      return undefined;
    }
  }

  /** The port failed, or gave what is no answer. */
  failed(port: PortName, cause?: unknown): void {
    if (this.#told.has(port)) return;
    this.#told.add(port);
    if (port === "logger") return;
    const err = tenantryError("PORT_FAILED", { port }, { cause });
    this.called("logger", () => this.#logger?.warn({ port, err }, "a port failed"));
  }
}
