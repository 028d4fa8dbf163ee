/** A versionstamp a function asked for before its attempt's outcome is known. */

const nothing = (): void => {};

/** The engine's own promise fails when a commit's outcome is lost; this one waits for what the marker says. */
export class StampPromise {
  readonly promise: Promise<Uint8Array>;
  readonly #fromEngine: Promise<Uint8Array>;
  #resolve: (stamp: Uint8Array | Promise<Uint8Array>) => void = nothing;
  #reject: (error: unknown) => void = nothing;

  constructor(fromEngine: Promise<Uint8Array>) {
    this.#fromEngine = fromEngine;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Nobody has to look at either.
    fromEngine.catch(nothing);
    this.promise.catch(nothing);
  }

  /** Settles with `stamp`, or as the engine's promise does. */
  resolve(stamp: Uint8Array | undefined): void {
    this.#resolve(stamp ?? this.#fromEngine);
  }

  reject(error: unknown): void {
    this.#reject(error);
  }
}
