/** Captured: all that the library says to logger, meter, tracer and violation hook while it is watched. */
import type { Attributes, Logger, Meter, Random, Span, Tracer } from "../../observe/index.js";

/** Ports that keep what they are told. */
export class CapturedPorts {
  /** In the order it was said. */
  readonly said: unknown[] = [];
  readonly logger: Logger;
  readonly meter: Meter;
  readonly tracer: Tracer;

  /** @param afterwards Called with everything that is said: ports that fail throw here. */
  constructor(afterwards: () => void = () => {}) {
    const say = (...what: readonly unknown[]): void => {
      this.said.push(what);
      afterwards();
    };
    const level = (name: string) => (fields: unknown, message: string) => say("log", name, fields, message);
    this.logger = { debug: level("debug"), info: level("info"), warn: level("warn"), error: level("error") };
    this.meter = {
      createCounter: (name) => ({ add: (value: number, with_?: Attributes) => say("counter", name, value, with_) }),
      createHistogram: (name) => ({
        record: (value: number, with_?: Attributes) => say("histogram", name, value, with_),
      }),
      createGauge: (name) => ({ record: (value: number, with_?: Attributes) => say("gauge", name, value, with_) }),
    };
    const span: Span = {
      setAttributes: (attributes) => say("attributes", attributes),
      fail: (code) => say("fail", code),
      end: () => say("end"),
    };
    this.tracer = {
      startSpan: (name, attributes) => {
        say("span", name, attributes);
        return span;
      },
    };
  }
}

/** Randomness that is the same whenever it begins with the same seed, and no waiting between attempts. */
export class SeededRandom implements Random {
  readonly #seed: number;
  #state: number;

  constructor(seed: number) {
    this.#seed = seed >>> 0;
    this.#state = this.#seed;
  }

  /** Begins anew, with other numbers than at first. */
  reseed(): void {
    this.#state = ~this.#seed >>> 0;
  }

  fraction(): number {
    return 0;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#next() & 0xff);
  }

  /** Mulberry32. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 8;
  }
}
