/** The runner of tenants' transactions. */
import { isTenantryError } from "../errors/index.js";
import { drainMs as drainMsDefault } from "../limits/index.js";
import type { Clock } from "../observe/index.js";
import type { TenantId } from "../tenant/index.js";
import { TransactionHost } from "./host.js";
import type { Operation } from "./operation.js";
import type {
  ActingOptions,
  CloseOptions,
  ReadTransactionOptions,
  RunnerOptions,
  TransactionOptions,
} from "./options.js";
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
 */
export class TransactionRunner implements AsyncDisposable {
  readonly #host: TransactionHost;
  readonly #operator: string | undefined;

  /**
   * @param host Shared with the control plane's runner, where there is one.
   * @param operator The operator who acts through this runner, whom more states of a tenant let in.
   */
  constructor(options: RunnerOptions, host: TransactionHost = new TransactionHost(options), operator?: string) {
    this.#host = host;
    this.#operator = operator;
  }

  /** The same runner in the hands of an operator. */
  asOperator(operator: string): TransactionRunner {
    return new TransactionRunner(this.#host, this.#host, operator);
  }

  /**
   * Runs `fn` until its writes are committed, and returns its value; then runs what it gave to `afterCommit`.
   *
   * @throws TRANSACTION_OUTCOME_UNKNOWN when a commit's outcome was lost and could not be found out.
   */
  async transact<T>(
    tenantId: TenantId,
    fn: WriteFunction<T>,
    options: TransactionOptions & ActingOptions = {},
  ): Promise<T> {
    const plan = new WritePlan(this.#host, tenantId, fn, this.#acting(options));
    return await this.#host.perform({ kind: "transact", tenantId, options }, plan);
  }

  /** As `transact`, for a function of the library's own, which starts no other transaction: nobody looks whether it does. */
  async transactOwn<T>(
    tenantId: TenantId,
    fn: WriteFunction<T>,
    options: TransactionOptions & ActingOptions = {},
  ): Promise<T> {
    const plan = new OwnWritePlan(this.#host, tenantId, fn, this.#acting(options));
    return await this.#host.perform({ kind: "transact", tenantId, options }, plan);
  }

  /** As `transactOwn`, for an operation: done at once, but for its commit, where it waits for nothing. */
  async operate<T>(
    tenantId: TenantId,
    operation: (transaction: TenantTransaction) => Operation<T>,
    options: ReadTransactionOptions & ActingOptions = {},
  ): Promise<T> {
    const plan = new OperationPlan(this.#host, tenantId, operation, this.#acting(options));
    return await this.#host.perform({ kind: "transact", tenantId, options }, plan);
  }

  /** Runs `fn`, which only reads, at one version; again when the engine asks for it. */
  async read<T>(
    tenantId: TenantId,
    fn: ReadFunction<T>,
    options: ReadTransactionOptions & ActingOptions = {},
  ): Promise<T> {
    return await this.#host.perform(
      { kind: "read", tenantId, options },
      new ReadPlan(this.#host, tenantId, fn, this.#acting(options)),
    );
  }

  /** As `read`, for a function of the library's own, which starts no other transaction: nobody looks whether it does. */
  async readOwn<T>(
    tenantId: TenantId,
    fn: ReadFunction<T>,
    options: ReadTransactionOptions & ActingOptions = {},
  ): Promise<T> {
    return await this.#host.perform(
      { kind: "read", tenantId, options },
      new OwnReadPlan(this.#host, tenantId, fn, this.#acting(options)),
    );
  }

  /**
   * Reads to find out whether somebody comes from the tenant named: until `fn` has them admitted, nothing is charged,
   * queued, labelled or remembered for the tenant, and the engine's calls are the same for each there is or is not.
   */
  async verify<T>(tenantId: TenantId, fn: VerifyFunction<T>, options: ReadTransactionOptions = {}): Promise<T> {
    const plan = new VerifyPlan(this.#host, tenantId, fn, this.#operator);
    return await this.#host.perform({ kind: "system", tenantId: undefined, options }, plan);
  }

  /**
   * Whether a tenant can be read now. The same engine calls whatever the answer: one snapshot read, and one more when the
   * tenant's state is not known to this process or has changed.
   */
  async available(tenantId: TenantId, options: ReadTransactionOptions & ActingOptions = {}): Promise<boolean> {
    const plan = new OwnReadPlan(this.#host, tenantId, async (_, tenant) => tenant !== undefined, options);
    try {
      return await this.#host.perform({ kind: "read", tenantId, options }, plan);
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
    options: ReadTransactionOptions & ActingOptions = {},
  ): T | undefined {
    // An operator is let in by states that are to be asked.
    return this.#operator === undefined ? performSync(this.#host, tenantId, fn, options) : undefined;
  }

  /** Reads in several steps, for scans; `deadline` and `attempts` hold for each step. */
  openReadSession(tenantId: TenantId, options: ReadTransactionOptions & ActingOptions = {}): ReadSession {
    return new TenantReadSession(this.#host, tenantId, this.#acting(options));
  }

  /**
   * Clears a tenant's markers that are past their use, in one transaction of two range clears. Transactions that
   * write do so by themselves now and then; this is for tenants that are written no more.
   */
  async sweep(tenantId: TenantId, options: ReadTransactionOptions = {}): Promise<void> {
    const { clock, gate } = this.#host;
    const fn = async (): Promise<void> => {};
    const plan = new WritePlan(this.#host, tenantId, fn, {
      join: (engine) => gate.seat(tenantId).slots.sweep(engine, clock.now()),
    });
    await this.#host.perform({ kind: "transact", tenantId, options }, plan);
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
  close({ drainMs = drainMsDefault }: CloseOptions = {}): Promise<void> {
    return this.#host.running.close(drainMs);
  }

  #acting<O extends object>(options: O): O & { readonly operator?: string | undefined } {
    return this.#operator === undefined ? options : { ...options, operator: this.#operator };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
