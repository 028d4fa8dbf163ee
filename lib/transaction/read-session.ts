/** Sessions: reads in several steps, at one version for as long as the engine keeps it. */
import type { EngineTransaction } from "../engine/index.js";
import { tenantryError } from "../errors/index.js";
import { scanReadVersionAgeMaxMs } from "../limits/index.js";
import type { TenantId } from "../tenant/index.js";
import type { Actor } from "./call/actor.js";
import type { CallTerms } from "./call/call-terms.js";
import type { TransactionHost } from "./host.js";
import { beginReading, OwnReadPlan } from "./plan/index.js";
import type { ReadTransaction } from "./read-transaction.js";

/**
 * Reads in several steps, for scans: all of them at one version while that is younger than
 * `scanReadVersionAgeMaxMs`, then at a fresh one. Not for concurrent steps. The caller ends it.
 */
export interface ReadSession extends Disposable {
  /** Runs `fn`, which only reads; again, at a fresh version, when the engine asks for it. Throws what `read` does. */
  read<T>(fn: (transaction: ReadTransaction) => Promise<T>): Promise<T>;
  /** Gives the version back; a later `read` throws `TRANSACTION_ENDED`. */
  end(): void;
}

/** The engine's transaction that the steps of a session share. */
class KeptTransaction {
  readonly #host: TransactionHost;
  readonly #tenantId: TenantId;
  readonly #terms: CallTerms;
  #engine: EngineTransaction | undefined;
  #begun = 0;

  constructor(host: TransactionHost, tenantId: TenantId, terms: CallTerms) {
    this.#host = host;
    this.#tenantId = tenantId;
    this.#terms = terms;
  }

  /** The one kept, while it is young; else a fresh one. */
  current(): EngineTransaction {
    const now = this.#host.clock.monotonic();
    if (this.#engine === undefined || now - this.#begun > scanReadVersionAgeMaxMs) {
      this.drop();
      this.#engine = beginReading(this.#host, this.#tenantId, this.#terms);
      this.#begun = now;
    }
    return this.#engine;
  }

  drop(): void {
    this.#engine?.cancel();
    this.#engine = undefined;
  }
}

class SessionPlan<T> extends OwnReadPlan<T> {
  readonly #kept: KeptTransaction;

  constructor(
    host: TransactionHost,
    tenantId: TenantId,
    fn: (transaction: ReadTransaction) => Promise<T>,
    kept: KeptTransaction,
    terms: CallTerms,
    actor: Actor,
  ) {
    super(host, tenantId, fn, terms, actor);
    this.#kept = kept;
  }

  override begin(attempt: number): EngineTransaction {
    if (attempt > 1) this.#kept.drop();
    return this.#kept.current();
  }

  override release(): void {}
}

export class TenantReadSession implements ReadSession {
  readonly #host: TransactionHost;
  readonly #tenantId: TenantId;
  readonly #terms: CallTerms;
  readonly #actor: Actor;
  readonly #kept: KeptTransaction;
  #ended = false;

  constructor(host: TransactionHost, tenantId: TenantId, terms: CallTerms, actor: Actor) {
    this.#host = host;
    this.#tenantId = tenantId;
    this.#terms = terms;
    this.#actor = actor;
    this.#kept = new KeptTransaction(host, tenantId, terms);
  }

  async read<T>(fn: (transaction: ReadTransaction) => Promise<T>): Promise<T> {
    if (this.#ended) throw tenantryError("TRANSACTION_ENDED", { operation: "read" });
    const [host, tenantId, terms, actor] = [this.#host, this.#tenantId, this.#terms, this.#actor];
    const plan = new SessionPlan(host, tenantId, fn, this.#kept, terms, actor);
    try {
      return await host.perform({ kind: "read", tenantId, terms, actor }, plan);
    } catch (error) {
      this.#kept.drop();
      throw error;
    }
  }

  end(): void {
    this.#ended = true;
    this.#kept.drop();
  }

  [Symbol.dispose](): void {
    this.end();
  }
}
