/** The plan of reads for whoever is not verified to come from the tenant it names. */
import type { EngineTransaction } from "../../engine/index.js";
import type { TenantId } from "../../tenant/index.js";
import type { TransactionHost } from "../host.js";
import type { ReadTransaction } from "../read-transaction.js";
import type { Marker, OpenedAttempt, RunPlan } from "../run/index.js";
import { Attempt, ReadView } from "../view/index.js";
import { readOnly, unneeded } from "./read-plan.js";

/** Lets whoever is verified by now into the tenant. Rejects with `TENANT_UNAVAILABLE` when nobody may read there. */
export type Admit = () => Promise<void>;

/** What is read to find out who asks. */
export type VerifyFunction<T> = (transaction: ReadTransaction, admit: Admit) => Promise<T>;

/**
 * A run that reads in a tenant on nobody's account: the engine's transaction has no tag of the tenant, and the gate
 * neither looks at the tenant nor remembers it before it is asked to admit. So its reads are the same whatever the tenant.
 */
export class VerifyPlan<T> implements RunPlan<T> {
  readonly commits = false;
  readonly keyed = false;
  readonly #host: TransactionHost;
  readonly #tenantId: TenantId;
  readonly #fn: VerifyFunction<T>;
  readonly #operator: string | undefined;

  constructor(host: TransactionHost, tenantId: TenantId, fn: VerifyFunction<T>, operator: string | undefined) {
    this.#host = host;
    this.#tenantId = tenantId;
    this.#fn = fn;
    this.#operator = operator;
  }

  begin(): EngineTransaction {
    const transaction = this.#host.engine.begin();
    transaction.setOption("readYourWritesDisable");
    return transaction;
  }

  release(engine: EngineTransaction): void {
    engine.cancel();
  }

  async open(engine: EngineTransaction): Promise<OpenedAttempt<T>> {
    const { gate } = this.#host;
    const id = this.#tenantId;
    const attempt = new Attempt(engine, readOnly);
    const transaction = new ReadView(attempt, gate.stranger(id), true);
    const admit = (): Promise<void> =>
      attempt.perform("get", async () => {
        await gate.admit(engine, id, this.#operator !== undefined);
      });
    return { attempt, call: () => this.#fn(transaction, admit) };
  }

  takeMarker(): Marker {
    return unneeded();
  }

  freeMarker(): void {}

  sweep(): void {}
}
