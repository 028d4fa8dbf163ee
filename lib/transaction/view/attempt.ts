/** One run of a transaction's function: what its views share and nobody outside sees. */
import type { EngineTransaction } from "../../engine/index.js";
import { isTenantryError, tenantryError } from "../../errors/index.js";
import { metadataVersionKey } from "../../keyspace/index.js";
import type { RecordChange } from "../policy/hook.js";
import { StampPromise } from "./stamp-promise.js";

/** A value whose first 10 bytes become the versionstamp: those, and 4 bytes for their place. */
const stampOnly = (): Uint8Array => new Uint8Array(14);

/** What an attempt is told about its writes. */
export interface AttemptPolicy {
  /** Called before the first write; throws when the tenant takes none. */
  firstWrite(): void;
  /** Called with each change that is announced. */
  change?(change: RecordChange): void;
}

/** The state of one attempt. Views hold it in a private field only: it leads to the engine. */
export class Attempt {
  readonly engine: EngineTransaction;
  /** Rows that came back, for the log. */
  rows = 0;
  /** Bytes of their keys and values, and of those written. */
  bytesRead = 0;
  bytesWritten = 0;
  /** What to run once the attempt is applied. */
  readonly afterCommit: (() => void | Promise<void>)[] = [];
  readonly #policy: AttemptPolicy;
  #wrote = false;
  #ended = false;
  #bumped = false;
  #pending = 0;
  #drained: (() => void) | undefined;
  #violation: unknown;
  #stamp: StampPromise | undefined;
  readonly #succeeded = (): void => {
    if (--this.#pending === 0) this.#drained?.();
  };
  readonly #failed = (error: unknown): void => {
    this.noted(error);
    this.#succeeded();
  };

  constructor(engine: EngineTransaction, policy: AttemptPolicy) {
    this.engine = engine;
    this.#policy = policy;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Whether anything was written, so that there is an outcome to lose. */
  get wrote(): boolean {
    return this.#wrote;
  }

  /**
   * What `work` resolves to, `work` being what the attempt runs.
   *
   * @throws TRANSACTION_OPERATION_PENDING when it left an operation unawaited; the first violation, even if swallowed.
   */
  async awaited<T>(work: Promise<T>): Promise<T> {
    let pending = 0;
    // Counted in the very tick in which the work is done: a fast operation would be over a few ticks later.
    const counted = work.then((result) => {
      pending = this.#pending;
      return result;
    });
    const result = await counted;
    if (pending > 0) {
      // They are left to end first: cancelled, they would reject with nobody there to see.
      await this.#quiet();
      throw tenantryError("TRANSACTION_OPERATION_PENDING", { pending });
    }
    this.assertInside();
    return result;
  }

  /** @throws ISOLATION_VIOLATION, the first there was, even if it was swallowed */
  assertInside(): void {
    if (this.#violation !== undefined) throw this.#violation;
  }

  /** Resolves when no operation is under way. */
  async #quiet(): Promise<void> {
    if (this.#pending === 0) return;
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
  }

  /** To be called first by every operation that is done at once. @throws TRANSACTION_ENDED */
  use(operation: string): void {
    if (this.#ended) throw tenantryError("TRANSACTION_ENDED", { operation });
  }

  /**
   * Performs an operation that takes time, `work` being an async function. It counts as pending until the tick in
   * which its caller sees the result, so that one left unawaited shows however fast the engine is.
   */
  perform<T>(operation: string, work: () => Promise<T>): Promise<T> {
    if (this.#ended) return Promise.reject(tenantryError("TRANSACTION_ENDED", { operation }));
    this.#pending++;
    const done = work();
    done.then(this.#succeeded, this.#failed);
    return done;
  }

  /** To be called first by every write. @throws TRANSACTION_ENDED, TENANT_UNAVAILABLE */
  write(operation: string): void {
    if (this.#ended) throw tenantryError("TRANSACTION_ENDED", { operation });
    if (this.#wrote) return;
    this.#policy.firstWrite();
    this.#wrote = true;
  }

  /** Remembers a violation, so that nothing is committed even when the function swallows it; returns `error`. */
  noted(error: unknown): unknown {
    if (isTenantryError(error, "ISOLATION_VIOLATION")) this.#violation ??= error;
    return error;
  }

  /** Makes every process look at its cached states anew, once this is committed. */
  bumpMetadataVersion(): void {
    this.write("bumpMetadataVersion");
    if (this.#bumped) return;
    this.#bumped = true;
    this.engine.atomic("setVersionstampedValue", metadataVersionKey(), stampOnly());
  }

  announce(change: RecordChange): void {
    this.use("announce");
    this.#policy.change?.(change);
  }

  /** The versionstamp, promised until the attempt's outcome is known. */
  versionstamp(): Promise<Uint8Array> {
    this.#stamp ??= new StampPromise(this.engine.getVersionstamp());
    return this.#stamp.promise;
  }

  /** Refuses all further use through any view. */
  end(): void {
    this.#ended = true;
  }

  /** The attempt was applied: by its own commit, or, as its marker shows, with `stamp`. */
  applied(stamp?: Uint8Array): void {
    this.#stamp?.resolve(stamp);
  }

  /** The attempt was not applied, or nobody can tell. */
  failed(error: unknown): void {
    this.#stamp?.reject(error);
  }
}
