/** Plans of runs that only read in a tenant. */
import type { EngineTransaction } from "../../engine/index.js";
import type { TenantId, TenantRecord } from "../../tenant/index.js";
import type { Actor } from "../call/actor.js";
import type { CallTerms } from "../call/call-terms.js";
import type { TransactionHost } from "../host.js";
import type { ReadTransaction } from "../read-transaction.js";
import type { Marker, OpenedAttempt, RunPlan } from "../run/index.js";
import { Attempt, ReadView } from "../view/index.js";

/** What a run does in a tenant: with its transaction, and its record; undefined for an unknown tenant. */
export type ReadFunction<T> = (transaction: ReadTransaction, tenant: TenantRecord | undefined) => Promise<T>;

/** A run that only reads. */
export class ReadPlan<T> implements RunPlan<T> {
  readonly commits = false;
  readonly keyed = false;
  /** Whether what the function starts is told to be nested. */
  protected readonly watched: boolean = true;
  protected readonly host: TransactionHost;
  readonly #tenantId: TenantId;
  readonly #fn: ReadFunction<T>;
  readonly #terms: CallTerms;
  readonly #actor: Actor;

  constructor(host: TransactionHost, tenantId: TenantId, fn: ReadFunction<T>, terms: CallTerms, actor: Actor) {
    this.host = host;
    this.#tenantId = tenantId;
    this.#fn = fn;
    this.#terms = terms;
    this.#actor = actor;
  }

  begin(_attempt: number): EngineTransaction {
    return beginReading(this.host, this.#tenantId, this.#terms);
  }

  release(engine: EngineTransaction): void {
    engine.cancel();
  }

  async open(engine: EngineTransaction): Promise<OpenedAttempt<T>> {
    const { running, gate } = this.host;
    const operator = this.#actor.operator !== undefined;
    const { seat, record, states } = await gate.admit(engine, this.#tenantId, operator);
    const attempt = new Attempt(engine, readOnly);
    const transaction = new ReadView(attempt, seat.guard, true, states);
    const work = (): Promise<T> => this.#fn(transaction, record);
    return {
      attempt,
      call: this.watched ? () => running.inside(attempt, work) : work,
    };
  }

  takeMarker(): Marker {
    return unneeded();
  }

  freeMarker(): void {}

  sweep(): void {}
}

/** A run of the library's own that only reads, and starts no other: it need not be watched for that. */
export class OwnReadPlan<T> extends ReadPlan<T> {
  protected override readonly watched = false;
}

/**
 * A transaction that will write nothing: the engine need not keep what was read in case a write of its own meets it
 * (on `embedded`, batches then cost a third and reads through an index a third as well).
 */
export function beginReading(host: TransactionHost, tenantId: TenantId, { priority }: CallTerms): EngineTransaction {
  const transaction = host.begin(tenantId, priority);
  transaction.setOption("readYourWritesDisable");
  return transaction;
}

export const unneeded = (): never => {
  throw new TypeError("A run that only reads has no marker.");
};

export const readOnly = { firstWrite: unneeded };
