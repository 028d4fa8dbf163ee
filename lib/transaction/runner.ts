/** The runner of tenants' transactions. */
import { isTenantryError } from "../errors/index.js";
import { drainMs as drainMsDefault } from "../limits/index.js";
import type { Clock } from "../observe/index.js";
import type { TenantContext, TenantId } from "../tenant/index.js";
import { type Actor, program } from "./call/actor.js";
import type { Call } from "./call/call.js";
import { type CallTerms, noTerms, readTerms, transactTerms } from "./call/call-terms.js";
import { TransactionHost } from "./host.js";
import type { Operation } from "./operation.js";
import type { ReadTransactionOptions, RunnerOptions, TransactionOptions } from "./options.js";
import {
  OperationPlan,
  OwnReadPlan,
  OwnWritePlan,
  performSync,
  type ReadFunction,
  ReadPlan,
  type VerifyFunction,
  VerifyPlan,
  type WriteFunction,
  WritePlan,
} from "./plan/index.js";
import { type ReadSession, TenantReadSession } from "./read-session.js";
import type { ReadTransaction } from "./read-transaction.js";
import type { TenantTransaction } from "./tenant-transaction.js";

/**
 * Runs transactions of tenants: retries them by the engine's error codes within their attempts and their deadline,
 * settles unknown outcomes, so that nothing is applied twice, and observes them.
 *
 * All calls reject with `TENANT_ID_INVALID`, `TENANT_UNAVAILABLE`, `TRANSACTION_OPTION_INVALID`,
 * `TRANSACTION_NESTED` inside another call's function, `TRANSACTION_ABORTED`, `TRANSACTION_DEADLINE_PASSED`,
 * `TRANSACTION_ATTEMPTS_EXHAUSTED`, `TRANSACTION_OPERATION_PENDING`, `DATABASE_CLOSED`, with what the function
 * throws, or with an `EngineError` that no retry helps against: after each of these, nothing is written.
 *
 * Who acts is the runner's own and no option of a call. `transact` and `read` take callers' options, by name; all others
 * are for the library and take terms.
 */
export class TransactionRunner implements AsyncDisposable {
  readonly #host: TransactionHost;
  readonly #actor: Actor;

  /**
   * @param host Shared with the control plane's runner, where there is one.
   * @param actor Who acts through this runner.
   */
  constructor(options: RunnerOptions, host: TransactionHost = new TransactionHost(options), actor: Actor = program) {
    this.#host = host;
    this.#actor = actor;
  }

  /** The same runner in the hands of an operator. */
  asOperator(operator: string): TransactionRunner {
    return this.#as({ ...this.#actor, operator });
  }

  /** On whose behalf it runs; undefined for the program itself. */
  get context(): TenantContext | undefined {
    return this.#actor.context;
  }

  /** The same runner on a subject's behalf, or on that of the program itself. */
  onBehalfOf(context: TenantContext | undefined): TransactionRunner {
    return context === this.context ? this : this.#as({ ...this.#actor, context });
  }

  /** The same runner for calls of the library's own, which all policies let pass. */
  asLibrary(): TransactionRunner {
    return this.#as({ ...this.#actor, own: true });
  }

  #as(actor: Actor): TransactionRunner {
    return new TransactionRunner(this.#host, this.#host, actor);
  }

  /**
   * Runs `fn` until its writes are committed, and returns its value; then runs what it gave to `afterCommit`.
   *
   * @throws TRANSACTION_OUTCOME_UNKNOWN when a commit's outcome was lost and could not be found out.
   */
  async transact<T>(tenantId: TenantId, fn: WriteFunction<T>, options?: TransactionOptions): Promise<T> {
    const call = this.#call("transact", tenantId, transactTerms(options));
    return await this.#host.perform(call, new WritePlan(this.#host, tenantId, fn, call.terms, this.#actor));
  }

  /** As `transact`, for a function of the library's own, which starts no other transaction: nobody looks whether it does. */
  async transactOwn<T>(tenantId: TenantId, fn: WriteFunction<T>, terms: CallTerms = noTerms): Promise<T> {
    const plan = new OwnWritePlan(this.#host, tenantId, fn, terms, this.#actor);
    return await this.#host.perform(this.#call("transact", tenantId, terms), plan);
  }

  /** As `transactOwn`, for an operation: done at once, but for its commit, where it waits for nothing. */
  async operate<T>(
    tenantId: TenantId,
    operation: (transaction: TenantTransaction) => Operation<T>,
    terms: CallTerms = noTerms,
  ): Promise<T> {
    const plan = new OperationPlan(this.#host, tenantId, operation, terms, this.#actor);
    return await this.#host.perform(this.#call("transact", tenantId, terms), plan);
  }

  /** Runs `fn`, which only reads, at one version; again when the engine asks for it. */
  async read<T>(tenantId: TenantId, fn: ReadFunction<T>, options?: ReadTransactionOptions): Promise<T> {
    const call = this.#call("read", tenantId, readTerms(options));
    return await this.#host.perform(call, new ReadPlan(this.#host, tenantId, fn, call.terms, this.#actor));
  }

  /** As `read`, for a function of the library's own, which starts no other transaction: nobody looks whether it does. */
  async readOwn<T>(tenantId: TenantId, fn: ReadFunction<T>, terms: CallTerms = noTerms): Promise<T> {
    const plan = new OwnReadPlan(this.#host, tenantId, fn, terms, this.#actor);
    return await this.#host.perform(this.#call("read", tenantId, terms), plan);
  }

  /**
   * Reads to find out whether somebody comes from the tenant named: until `fn` has them admitted, nothing is charged,
   * queued, labelled or remembered for the tenant, and the engine's calls are the same for each there is or is not.
   */
  async verify<T>(tenantId: TenantId, fn: VerifyFunction<T>, terms: CallTerms = noTerms): Promise<T> {
    const plan = new VerifyPlan(this.#host, tenantId, fn, this.#actor.operator);
    return await this.#host.perform({ kind: "system", tenantId: undefined, terms, actor: this.#actor }, plan);
  }

  /**
   * Whether a tenant can be read now. The same engine calls whatever the answer: one snapshot read, and one more when the
   * tenant's state is not known to this process or has changed.
   */
  async available(tenantId: TenantId, terms: CallTerms = noTerms): Promise<boolean> {
    const plan = new OwnReadPlan(this.#host, tenantId, async (_, tenant) => tenant !== undefined, terms, program);
    try {
      return await this.#host.perform(this.#call("read", tenantId, terms), plan);
    } catch (error) {
      if (isTenantryError(error, "TENANT_UNAVAILABLE")) return false;
      throw error;
    }
  }

  /**
   * As `readOwn`, for reads that wait for nothing; undefined where it cannot be, which is then for `readOwn`. A
   * function that throws has been called for good.
   */
  readSync<T>(
    tenantId: TenantId,
    fn: (transaction: ReadTransaction) => T | undefined,
    terms: CallTerms = noTerms,
  ): T | undefined {
    // An operator is let in by states that are to be asked.
    if (this.#actor.operator !== undefined) return undefined;
    return performSync(this.#host, tenantId, fn, terms, this.#actor);
  }

  /** Reads in several steps, for scans; `deadline` and `attempts` hold for each step. */
  openReadSession(tenantId: TenantId, terms: CallTerms = noTerms): ReadSession {
    return new TenantReadSession(this.#host, tenantId, terms, this.#actor);
  }

  #call(kind: "transact" | "read", tenantId: TenantId, terms: CallTerms): Call {
    return { kind, tenantId, terms, actor: this.#actor };
  }

  /** The clock that waits are measured by. */
  get clock(): Clock {
    return this.#host.clock;
  }

  /** Calls `fn` when closing begins, unless the returned function is called first; at once when it has begun. */
  onClose(fn: () => void): () => void {
    return this.#host.running.onClose(fn);
  }

  /**
   * Refuses new work with `DATABASE_CLOSED`, waits for what runs, then cancels it. May be called again: it is the
   * same closing. The engine stays open.
   */
  close(drainMs: number = drainMsDefault): Promise<void> {
    return this.#host.running.close(drainMs);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
