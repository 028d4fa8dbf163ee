/** Ports that fail while an attack goes on: logger, meter, tracer and hooks that throw, and a clock that does. */
import type { Clock } from "../../../observe/index.js";
import type { Ports } from "../../generate/attack.js";
import { CapturedPorts } from "../captured.js";
import type { Dress } from "../stage.js";

/** What a port throws: nothing that a call may. */
const failure = (port: string): Error => new Error(`thrown by the ${port}`);

/** Between one reading of a clock that fails and the next. */
const readings = 5;

/** With what a database is opened whose ports fail. */
export class FailingPorts implements Dress {
  readonly ports: CapturedPorts;
  #on = false;
  #read = 0;
  readonly #kind: Ports;

  constructor(kind: Ports) {
    this.#kind = kind;
    this.ports = new CapturedPorts(() => {
      if (this.#on && kind !== "honest") throw failure("observer");
    });
  }

  /** Lets ports fail from here on, or no longer. */
  turn(on: boolean): void {
    this.#on = on;
  }

  readonly onDenied = (): void => {
    if (this.#on && this.#kind !== "honest") throw failure("observer");
  };

  readonly clock = (clock: Clock): Clock => {
    const reading = <T>(read: () => T): T => {
      if (this.#on && this.#kind === "failing" && this.#read++ % readings === readings - 1) throw failure("clock");
      return read();
    };
    return {
      now: () => reading(() => clock.now()),
      monotonic: () => reading(() => clock.monotonic()),
      after: (ms, fn) => reading(() => clock.after(ms, fn)),
    };
  };
}
