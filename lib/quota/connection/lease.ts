/** Leases of connections, as their holder sees them. */
import type { CodedError } from "../../errors/index.js";

/**
 * A connection that counts until it is released, or until its process has been dead for the time of a lease.
 *
 * @example
 * ```ts
 * import type { ConnectionLease, Tenant } from "tenantry";
 * declare const tenant: Tenant;
 * declare const socket: { close(): void; once(event: "close", fn: () => void): void };
 * const lease: ConnectionLease = await tenant.quotas.connect(); // QUOTA_EXCEEDED when there are enough
 * socket.once("close", () => lease.release());
 * lease.signal.addEventListener("abort", () => socket.close()); // lost, as the database could not be reached
 * ```
 */
export interface ConnectionLease extends AsyncDisposable {
  /** Aborted, with `QUOTA_LEASE_LOST`, when the lease could not be kept: the connection does not count any more. */
  readonly signal: AbortSignal;
  /** Gives the connection back. May be called again. */
  release(): Promise<void>;
}

export class Lease implements ConnectionLease {
  readonly #lost = new AbortController();
  readonly #release: (lease: Lease) => Promise<void>;
  #released: Promise<void> | undefined;
  #onEnd: (() => void) | undefined;

  constructor(release: (lease: Lease) => Promise<void>) {
    this.#release = release;
  }

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  release(): Promise<void> {
    if (this.#released === undefined) {
      this.#released = this.#release(this);
      this.#onEnd?.();
    }
    return this.#released;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  /** What to do when it is released or lost. */
  onEnd(fn: () => void): void {
    this.#onEnd = fn;
  }

  /** The lease could not be kept. */
  lose(error: CodedError): void {
    this.#released ??= Promise.resolve();
    this.#onEnd?.();
    this.#lost.abort(error);
  }
}
