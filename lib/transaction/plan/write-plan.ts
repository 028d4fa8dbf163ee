/** Plans of runs that write in a tenant. */
import type { EngineTransaction } from "../../engine/index.js";
import type { TenantGuard } from "../../guard/index.js";
import type { TenantId, TenantRecord } from "../../tenant/index.js";
import type { Actor } from "../call/actor.js";
import type { CallTerms } from "../call/call-terms.js";
import { payloadPrint } from "../call/payload-print.js";
import { type Admission, admitWrites, type TenantSeat } from "../gate.js";
import type { TransactionHost } from "../host.js";
import { type Operation, perform, performAtOnce } from "../operation.js";
import {
  type AttemptedAtOnce,
  idempotencyMarker,
  type Marker,
  type OpenedAttempt,
  type RunPlan,
} from "../run/index.js";
import type { TenantTransaction } from "../tenant-transaction.js";
import { Attempt, HookChain, TenantView } from "../view/index.js";

/** What a run does in a tenant: with its transaction, and its record; undefined for an unknown tenant. */
export type WriteFunction<T> = (transaction: TenantTransaction, tenant: TenantRecord | undefined) => Promise<T>;

/** An attempt in a tenant, its transaction, and the hooks that join it. */
interface Seated {
  readonly attempt: Attempt;
  readonly transaction: TenantView;
  readonly chain: HookChain | undefined;
}

/** A run that writes. */
export class WritePlan<T> implements RunPlan<T> {
  readonly commits = true;
  /** Whether what the function starts is told to be nested. */
  protected readonly watched: boolean = true;
  readonly keyed: boolean;
  readonly #host: TransactionHost;
  readonly #tenantId: TenantId;
  readonly #seat: TenantSeat;
  readonly #fn: WriteFunction<T>;
  readonly #terms: CallTerms;
  /** What tells requests under an idempotency key apart. */
  readonly #print: Uint8Array | undefined;
  readonly #actor: Actor;
  /** Wall time of the call: one run stays in one time bucket. */
  readonly #begun: number;

  constructor(host: TransactionHost, tenantId: TenantId, fn: WriteFunction<T>, terms: CallTerms, actor: Actor) {
    this.#host = host;
    this.#tenantId = tenantId;
    this.#seat = host.gate.seat(tenantId);
    this.#fn = fn;
    this.#terms = terms;
    this.#actor = actor;
    this.keyed = terms.idempotencyKey !== undefined;
    this.#print = this.keyed ? payloadPrint(terms.label, terms.idempotencyPayload) : undefined;
    this.#begun = host.clock.now();
  }

  begin(): EngineTransaction {
    return this.#host.begin(this.#tenantId, this.#terms.priority);
  }

  release(engine: EngineTransaction): void {
    engine.cancel();
  }

  async open(engine: EngineTransaction): Promise<OpenedAttempt<T>> {
    const { running, gate } = this.#host;
    const admission = await gate.admit(engine, this.#tenantId, this.#actor.operator !== undefined);
    const { attempt, transaction, chain } = this.#seated(engine, admission);
    return {
      attempt,
      call: this.watched
        ? () => running.inside(attempt, () => this.#fn(transaction, admission.record))
        : () => this.#fn(transaction, admission.record),
      beforeCommit: chain === undefined ? undefined : () => running.inside(attempt, async () => chain.beforeCommit()),
    };
  }

  /** As `attemptAtOnce`, by an operation. */
  protected operateAtOnce(operation: (transaction: TenantTransaction) => Operation<T>): AttemptedAtOnce<T> | undefined {
    // An operator is let in by states that are to be asked.
    if (this.#actor.operator !== undefined) return undefined;
    const engine = this.begin();
    // Operations read before they write: the engine need not look for their own writes, nor keep what they read.
    engine.setOption("readYourWritesDisable");
    const admission = this.#host.gate.admitSync(engine, this.#tenantId);
    if (admission === undefined) {
      engine.cancel();
      return undefined;
    }
    const { attempt, transaction, chain } = this.#seated(engine, admission);
    let result: AttemptedAtOnce<T>["result"] | undefined;
    try {
      result = performAtOnce(transaction, operation(transaction));
      if (attempt.wrote && chain?.beforeCommitAtOnce() === false) result = undefined;
      attempt.assertInside();
    } catch (error) {
      result = { error };
    }
    attempt.end();
    if (result !== undefined) return { engine, attempt, result };
    engine.cancel();
    return undefined;
  }

  #seated(engine: EngineTransaction, admission: Admission): Seated {
    const { hooks, gate } = this.#host;
    const { context, operator } = this.#actor;
    const { guard } = admission.seat;
    let chain: HookChain | undefined;
    const attempt = new Attempt(engine, {
      firstWrite: () => admitWrites(admission, engine, operator !== undefined),
      change: (change) => chain?.change(change),
    });
    const transaction = new TenantView(attempt, guard, admission.states);
    if (hooks.length > 0 && admission.record !== undefined) {
      const tenant = admission.record;
      const trail = (): TenantGuard => gate.trail(tenant);
      chain = new HookChain(hooks, { tenant, attempt, guard, trail, context, operator, label: this.#terms.label });
    }
    return { attempt, transaction, chain };
  }

  takeMarker(): Marker {
    const { guard, slots } = this.#seat;
    const { idempotencyKey: key } = this.#terms;
    if (key === undefined) return slots.take(this.#begun);
    return idempotencyMarker(
      guard,
      { key, subject: this.#actor.context?.subject, print: this.#print },
      this.#begun,
      this.#host.random,
    );
  }

  freeMarker(marker: Marker): void {
    if (!this.keyed) this.#seat.slots.free(marker, this.#begun);
  }

  sweep(engine: EngineTransaction): void {
    this.#seat.slots.sweepIfDue(engine, this.#begun);
  }
}

/** A run of the library's own that writes, and starts no other: it need not be watched for that. */
export class OwnWritePlan<T> extends WritePlan<T> {
  protected override readonly watched = false;
}

/** A run of an operation: its first attempt is made at once, where nothing has to be waited for. */
export class OperationPlan<T> extends OwnWritePlan<T> {
  readonly #operation: (transaction: TenantTransaction) => Operation<T>;

  constructor(
    host: TransactionHost,
    tenantId: TenantId,
    operation: (transaction: TenantTransaction) => Operation<T>,
    terms: CallTerms,
    actor: Actor,
  ) {
    super(host, tenantId, (transaction) => perform(transaction, operation(transaction)), terms, actor);
    this.#operation = operation;
  }

  attemptAtOnce(): AttemptedAtOnce<T> | undefined {
    return this.operateAtOnce(this.#operation);
  }
}
