/** The runner of the control plane's transactions; made by the composition root alone. */
import type { EngineTransaction } from "../engine/index.js";
import { program } from "./call/actor.js";
import { type CallTerms, noTerms } from "./call/call-terms.js";
import type { TransactionHost } from "./host.js";
import { controlMarkers, type Marker, MarkerSlots, type OpenedAttempt, type RunPlan } from "./run/index.js";
import type { SystemTransaction } from "./system-transaction.js";
import { Attempt, SystemView } from "./view/index.js";

class SystemPlan<T> implements RunPlan<T> {
  readonly commits = true;
  readonly keyed = false;
  readonly #host: TransactionHost;
  readonly #slots: MarkerSlots;
  readonly #fn: (transaction: SystemTransaction) => Promise<T>;
  readonly #begun: number;

  constructor(host: TransactionHost, slots: MarkerSlots, fn: (transaction: SystemTransaction) => Promise<T>) {
    this.#host = host;
    this.#slots = slots;
    this.#fn = fn;
    this.#begun = host.clock.now();
  }

  begin(): EngineTransaction {
    return this.#host.engine.begin();
  }

  release(engine: EngineTransaction): void {
    engine.cancel();
  }

  async open(engine: EngineTransaction): Promise<OpenedAttempt<T>> {
    const { keyspace, gate, running } = this.#host;
    const attempt = new Attempt(engine, { firstWrite() {} });
    const transaction = new SystemView(attempt, keyspace, {
      tenant: (id) => gate.seat(id).guard,
      trail: (incarnation) => gate.trail(incarnation),
    });
    return { attempt, call: () => running.inside(attempt, () => this.#fn(transaction)) };
  }

  takeMarker(): Marker {
    return this.#slots.take(this.#begun);
  }

  freeMarker(marker: Marker): void {
    this.#slots.free(marker, this.#begun);
  }

  sweep(engine: EngineTransaction): void {
    this.#slots.sweepIfDue(engine, this.#begun);
  }
}

/** Runs transactions of the control plane, as {@link TransactionRunner} does those of tenants. */
export class SystemRunner {
  readonly #host: TransactionHost;
  readonly #slots: MarkerSlots;

  /** @param host That of the tenants' runner, with which this one is closed. */
  constructor(host: TransactionHost) {
    this.#host = host;
    this.#slots = new MarkerSlots(controlMarkers(host.keyspace.control), host.random);
  }

  /** Runs `fn` until its writes are committed, and returns its value. Rejects as a tenant's transaction does. */
  async system<T>(fn: (transaction: SystemTransaction) => Promise<T>, terms: CallTerms = noTerms): Promise<T> {
    const plan = new SystemPlan(this.#host, this.#slots, fn);
    return await this.#host.perform({ kind: "system", tenantId: undefined, terms, actor: program }, plan);
  }

  /** As `system`, for what the library needs for itself: it may be called inside another call's function. */
  apart<T>(fn: (transaction: SystemTransaction) => Promise<T>, terms?: CallTerms): Promise<T> {
    return this.#host.running.apart(() => this.system(fn, terms));
  }
}
