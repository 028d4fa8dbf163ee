/** How a repository reaches its tenant: by transactions of its own, or inside somebody's. */
import { leaving, tenantryError } from "../errors/index.js";
import { abortReason, isAborted } from "../intrinsics/index.js";
import type { Clock } from "../observe/index.js";
import type { TenantContext, TenantId } from "../tenant/index.js";
import {
  type CallTerms,
  type Operation,
  perform,
  type ReadSession,
  type ReadTransaction,
  type TenantTransaction,
  type TransactionRunner,
} from "../transaction/index.js";
import { KeyTurns } from "./write/key-turns.js";
import { ViewLock } from "./write/view-lock.js";

/** Reads of one tenant. */
export interface TenantReader {
  readonly tenantId: TenantId;
  /** On whose behalf; undefined for the program itself. */
  readonly context: TenantContext | undefined;
  read<T>(fn: (transaction: ReadTransaction) => Promise<T>, terms: CallTerms): Promise<T>;
  /** Reads what waits for nothing; undefined where that cannot be, and `read` is to be called. */
  readSync<T>(fn: (transaction: ReadTransaction) => T | undefined, terms: CallTerms): T | undefined;
  /** Reads in several steps. */
  openReadSession(terms: CallTerms): Pick<ReadSession, "read" | "end">;
}

/** What a write works with. */
export interface WriteContext {
  readonly transaction: TenantTransaction;
  /** The turns of the transaction's operations; undefined when there is but this one. */
  readonly turns: KeyTurns | undefined;
  /** Keeps its writes from coming between the steps of its reads; undefined when there are no reads beside it. */
  readonly lock: ViewLock | undefined;
}

/** The context of the only operation of a transaction. */
export const alone = (transaction: TenantTransaction): WriteContext => ({
  transaction,
  turns: undefined,
  lock: undefined,
});

/** Reads and writes of one tenant. */
export interface TenantWriter extends TenantReader {
  write<T>(fn: (context: WriteContext) => Promise<T>, terms: CallTerms): Promise<T>;
  /** Performs an operation: all at once where it waits for nothing but its commit. */
  operate<T>(operation: (context: WriteContext) => Operation<T>, terms: CallTerms): Promise<T>;
}

/** Every call a transaction of its own. */
export class RunnerWriter implements TenantWriter {
  readonly tenantId: TenantId;
  readonly context: TenantContext | undefined;
  readonly #runner: TransactionRunner;

  constructor(runner: TransactionRunner, tenantId: TenantId) {
    this.#runner = runner;
    this.tenantId = tenantId;
    this.context = runner.context;
  }

  read<T>(fn: (transaction: ReadTransaction) => Promise<T>, terms: CallTerms): Promise<T> {
    return this.#runner.readOwn(this.tenantId, fn, terms);
  }

  readSync<T>(fn: (transaction: ReadTransaction) => T | undefined, terms: CallTerms): T | undefined {
    return this.#runner.readSync(this.tenantId, fn, terms);
  }

  openReadSession(terms: CallTerms): ReadSession {
    return this.#runner.openReadSession(this.tenantId, terms);
  }

  write<T>(fn: (context: WriteContext) => Promise<T>, terms: CallTerms): Promise<T> {
    const act = (transaction: TenantTransaction): Promise<T> => fn(alone(transaction));
    return this.#runner.transactOwn(this.tenantId, act, terms);
  }

  operate<T>(operation: (context: WriteContext) => Operation<T>, terms: CallTerms): Promise<T> {
    const begin = (transaction: TenantTransaction): Operation<T> => operation(alone(transaction));
    return this.#runner.operate(this.tenantId, begin, terms);
  }

  get clock(): Clock {
    return this.#runner.clock;
  }

  /** Calls `fn` when the database begins to close, unless the returned function is called first. */
  onClose(fn: () => void): () => void {
    return this.#runner.onClose(fn);
  }
}

function assertNotAborted({ signal }: CallTerms): void {
  if (signal === undefined) return;
  if (isAborted(signal)) throw tenantryError("TRANSACTION_ABORTED", { attempts: 1 }, { cause: abortReason(signal) });
}

/** Every call inside one reading transaction, whose runner retries. */
export class JoinedReader implements TenantReader {
  readonly context: TenantContext | undefined;
  readonly #transaction: ReadTransaction;

  constructor(transaction: ReadTransaction, context: TenantContext | undefined) {
    this.#transaction = transaction;
    this.context = context;
  }

  get tenantId(): TenantId {
    return this.#transaction.tenantId;
  }

  async read<T>(fn: (transaction: ReadTransaction) => Promise<T>, terms: CallTerms): Promise<T> {
    assertNotAborted(terms);
    try {
      return await fn(this.#transaction);
    } catch (error) {
      throw leaving(error);
    }
  }

  /** Never: an operation that its function leaves alone would not show. */
  readSync(): undefined {
    return undefined;
  }

  openReadSession(terms: CallTerms): Pick<ReadSession, "read" | "end"> {
    return { read: (fn) => this.read(fn, terms), end() {} };
  }
}

/** Every call inside one transaction, whose runner retries. */
export class JoinedWriter extends JoinedReader implements TenantWriter {
  readonly #work: WriteContext;
  readonly #lock = new ViewLock();

  constructor(transaction: TenantTransaction, context: TenantContext | undefined) {
    super(transaction, context);
    this.#work = { transaction, turns: new KeyTurns(), lock: this.#lock };
  }

  override read<T>(fn: (transaction: ReadTransaction) => Promise<T>, terms: CallTerms): Promise<T> {
    return this.#lock.read(() => super.read(fn, terms));
  }

  async write<T>(fn: (context: WriteContext) => Promise<T>, terms: CallTerms): Promise<T> {
    assertNotAborted(terms);
    try {
      return await fn(this.#work);
    } catch (error) {
      throw leaving(error);
    }
  }

  operate<T>(operation: (context: WriteContext) => Operation<T>, terms: CallTerms): Promise<T> {
    return this.write((context) => perform(context.transaction, operation(context)), terms);
  }
}
