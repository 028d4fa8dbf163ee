/** Watches: the states of one record as they are committed, the present one first. */

import type { Watch } from "../../engine/index.js";
import { isTenantryError, leaving, tenantryError } from "../../errors/index.js";
import { abortReason, isAborted } from "../../intrinsics/index.js";
import { retryDelayFirstMs, retryDelayMaxMs, watchesMax } from "../../limits/index.js";
import { onAborted } from "../../roster/index.js";
import type { AnyEntity, Infer } from "../../schema/index.js";
import { callTerms } from "../../transaction/index.js";
import { equalBytes } from "../../tuple/index.js";
import type { RecordTable } from "../table/record-table.js";
import type { RunnerWriter } from "../tenant-reader.js";

/** Code of a watch beyond the engine's bound. */
const tooManyWatches = 1032;

/** A record as a look at it found it, and the engine's watch for what comes next. */
interface Look<E extends AnyEntity> {
  readonly row: Uint8Array | undefined;
  readonly record: Infer<E> | undefined;
  /** When the record will be gone by itself, in milliseconds since 1970. */
  readonly expiresAt: number | undefined;
  readonly watch: Watch;
}

/** Why the waiting is over. */
type End = { readonly error: unknown } | { readonly returned: true };

const nothing = (): void => {};

/** The longest time a timer of JavaScript waits. */
const timerMsMax = 2 ** 31 - 1;

/** Whether two looks show the same: nothing, whatever there is that is not to be seen, or one stored record. */
function sameState<E extends AnyEntity>(a: Look<E>, b: Look<E>): boolean {
  if (a.record === undefined || b.record === undefined) return a.record === b.record;
  return a.row !== undefined && b.row !== undefined && equalBytes(a.row, b.row);
}

/** Whether another look may succeed where one failed. */
const mayPass = (error: unknown): boolean =>
  isTenantryError(error, "TRANSACTION_DEADLINE_PASSED") || isTenantryError(error, "TRANSACTION_ATTEMPTS_EXHAUSTED");

/** What is to be watched. */
export interface WatchOrder {
  /** The packed id of the record. */
  readonly id: Uint8Array;
  readonly signal: AbortSignal | undefined;
  /** Counts the watch as one of its tenant's, until what it gives is called. @throws TENANT_WATCHES_TOO_MANY */
  readonly take: () => () => void;
}

/** Iterates over the states of the record with a packed id. Holds at most one watch of the engine, none once it ended. */
export class RecordWatch<E extends AnyEntity> implements AsyncIterableIterator<Infer<E> | undefined, undefined> {
  readonly #table: RecordTable<E>;
  readonly #writer: RunnerWriter;
  readonly #id: Uint8Array;
  readonly #signal: AbortSignal | undefined;
  readonly #take: () => () => void;
  #steps: Promise<unknown> = Promise.resolve();
  #look: Look<E> | undefined;
  #end: End | undefined;
  #ended: () => void = nothing;
  #stopListening: () => void = nothing;
  #begun = false;

  constructor(table: RecordTable<E>, writer: RunnerWriter, { id, signal, take }: WatchOrder) {
    this.#table = table;
    this.#writer = writer;
    this.#id = id;
    this.#signal = signal;
    this.#take = take;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Infer<E> | undefined, undefined>> {
    const step = this.#steps.then(() => this.#next());
    this.#steps = step.catch(nothing);
    try {
      return await step;
    } catch (error) {
      throw leaving(error);
    }
  }

  /** Ends at once what `next` may be waiting for. */
  async return(): Promise<IteratorResult<Infer<E> | undefined, undefined>> {
    this.#finish({ returned: true });
    return { value: undefined, done: true };
  }

  async #next(): Promise<IteratorResult<Infer<E> | undefined, undefined>> {
    const before = this.#look;
    try {
      this.#begin();
      for (let quiet = 0; this.#end === undefined; quiet += 1) {
        if (this.#look !== undefined) await this.#change(this.#look);
        // What fires without a change, or drops, fires and drops again: not without a pause.
        if (quiet > 0) await this.#pause(quiet);
        if (this.#end !== undefined) break;
        const look = await this.#again();
        if (look === undefined) continue;
        this.#look = look;
        if (this.#end === undefined && (before === undefined || !sameState(before, look))) {
          return { value: look.record, done: false };
        }
      }
    } catch (error) {
      this.#finish({ error });
    }
    this.#look?.watch.cancel();
    const end = this.#end ?? { returned: true };
    // An error is told once; then it is over.
    this.#end = { returned: true };
    if ("error" in end) throw end.error;
    return { value: undefined, done: true };
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    const onAbort = (): void => {
      this.#finish({
        error: tenantryError(
          "TRANSACTION_ABORTED",
          { attempts: 0 },
          { cause: this.#signal && abortReason(this.#signal) },
        ),
      });
    };
    const giveBack = this.#take();
    const stopHearing = this.#writer.onClose(() => this.#finish({ error: tenantryError("DATABASE_CLOSED", {}) }));
    const stopWaiting = this.#signal === undefined ? nothing : onAborted(this.#signal, onAbort);
    this.#stopListening = () => {
      giveBack();
      stopHearing();
      stopWaiting();
    };
    if (this.#end !== undefined) this.#stopListening();
    else if (this.#signal !== undefined && isAborted(this.#signal)) onAbort();
  }

  #finish(end: End): void {
    this.#end ??= end;
    this.#stopListening();
    this.#look?.watch.cancel();
    this.#ended();
  }

  /** Reads the record and sets a watch, in one transaction; undefined when that may succeed another time. */
  async #again(): Promise<Look<E> | undefined> {
    const table = this.#table;
    const terms = callTerms("watch", table.model.name, this.#signal);
    let watch: Watch | undefined;
    try {
      return await this.#writer.write(async ({ transaction }) => {
        watch?.cancel();
        const row = await table.row(transaction, this.#id);
        const set = transaction.watch(table.key(this.#id));
        watch = set;
        const stored = row === undefined ? undefined : await table.storedRow(transaction, this.#id, row);
        const present = table.present(stored);
        return { row, record: present?.record, expiresAt: present?.expiresAt, watch: set };
      }, terms);
    } catch (error) {
      watch?.cancel();
      if (mayPass(error)) return undefined;
      throw error;
    }
  }

  /** Resolves when the watch fires or is lost, the record expires, or this has ended. @throws WATCHES_TOO_MANY */
  async #change({ watch, expiresAt }: Look<E>): Promise<void> {
    const settled = watch.fired.catch((error: unknown) => {
      if (this.#end !== undefined || !isTenantryError(error, "ENGINE")) return;
      if (error.details.fdbCode === tooManyWatches) throw tenantryError("WATCHES_TOO_MANY", { watchesMax });
    });
    if (expiresAt === undefined) return await this.#unlessEnded(settled);
    const { clock } = this.#writer;
    const ms = Math.min(timerMsMax, Math.max(0, expiresAt - clock.now()));
    await this.#unlessEnded(settled, ms);
  }

  #pause(times: number): Promise<void> {
    const ms = Math.min(retryDelayMaxMs, retryDelayFirstMs * 2 ** Math.min(times - 1, 30));
    return this.#unlessEnded(new Promise(nothing), ms);
  }

  /** Waits for `work`, for so many milliseconds at most, unless this has ended. */
  async #unlessEnded(work: Promise<void>, ms?: number): Promise<void> {
    if (this.#end !== undefined) return;
    let stopTimer = nothing;
    const over = new Promise<void>((resolve) => {
      this.#ended = resolve;
      if (ms !== undefined) stopTimer = this.#writer.clock.after(ms, resolve);
    });
    try {
      await Promise.race([work, over]);
    } finally {
      stopTimer();
    }
  }
}
