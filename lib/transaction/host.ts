/** What the runners of one database share: its engine, its ports, what runs, and how a call is observed. */
import type { Engine } from "../engine/index.js";
import { tenantryError } from "../errors/index.js";
import { ViolationLog } from "../guard/index.js";
import type { Keyspace } from "../keyspace/index.js";
import {
  type Clock,
  type Logger,
  type Random,
  silentLogger,
  silentMeter,
  systemClock,
  systemRandom,
} from "../observe/index.js";
import type { TenantId } from "../tenant/index.js";
import { TenantGate } from "./gate.js";
import { type ActingOptions, callBounds, type RunnerOptions, type TransactionOptions } from "./options.js";
import { type CallEnd, type CallPolicy, enterAll } from "./policy/call-policy.js";
import type { TransactionHook } from "./policy/hook.js";
import { CallObserver, codeOf, emptyTally, RunningWork, type RunPlan, Stopper, TransactionRun } from "./run/index.js";

/** One call of a runner. */
export interface Call {
  readonly kind: "transact" | "read" | "system";
  readonly tenantId: TenantId | undefined;
  readonly options: TransactionOptions & ActingOptions;
}

const noEnds: readonly CallEnd[] = [];

/** Shared by the runners of one database; made by its composition root. */
export class TransactionHost {
  readonly engine: Engine;
  readonly keyspace: Keyspace;
  readonly clock: Clock;
  readonly random: Random;
  readonly hooks: readonly TransactionHook[];
  readonly policies: readonly CallPolicy[];
  readonly gate: TenantGate;
  readonly running: RunningWork;
  readonly #logger: Logger;
  readonly #observer: CallObserver;

  constructor(options: RunnerOptions) {
    const { engine, keyspace, clock = systemClock, random = systemRandom, logger, meter, tracer, hooks } = options;
    this.engine = engine;
    this.keyspace = keyspace;
    this.clock = clock;
    this.random = random;
    this.hooks = hooks ?? [];
    this.policies = options.policies ?? [];
    this.running = new RunningWork(clock);
    this.#logger = logger ?? silentLogger;
    const { tenantLabels, serviceLevels } = options;
    const observed = { engine: engine.name, clock, logger, meter, tracer, tenantLabels, serviceLevels };
    this.#observer = new CallObserver(observed);
    const violations = (meter ?? silentMeter).createCounter("tenantry.isolation.violations", {
      description: "Attempts to leave a tenant, all refused",
      unit: "{violation}",
    });
    const log = new ViolationLog({
      monotonic: () => clock.monotonic(),
      onViolation: (violation) => {
        violations.add(1 + violation.suppressed, { operation: violation.operation, reason: violation.reason });
        return options.onViolation?.(violation);
      },
    });
    this.gate = new TenantGate(keyspace, log, random);
  }

  /** Performs a call: checks its options, asks the policies, bounds it, runs it, and observes it. */
  async perform<T>(call: Call, plan: RunPlan<T>): Promise<T> {
    const { attempts, deadlineMs } = callBounds(call.options);
    this.running.assertAdmitted();
    const observed = this.#observer.begin(call);
    let ends: readonly CallEnd[] = noEnds;
    let begun = 0;
    let run: TransactionRun<T> | undefined;
    let stopper: Stopper | undefined;
    let failure: string | undefined;
    try {
      if (this.policies.length > 0) {
        ends = await this.#enter(call);
        // They may have taken their time.
        this.running.assertAdmitted();
        begun = this.clock.monotonic();
      }
      const { signal } = call.options;
      stopper = new Stopper(this.clock, { deadlineMs, signal, attempts: () => run?.tally.attempts ?? 0 });
      this.running.begin(stopper);
      run = new TransactionRun(this, plan, stopper, attempts);
      const { value, attempt } = await run.outcome();
      if (attempt !== undefined && attempt.afterCommit.length > 0) await this.#follow(call, attempt.afterCommit);
      return value;
    } catch (error) {
      failure = codeOf(error);
      observed?.failed(error);
      throw error;
    } finally {
      stopper?.dispose();
      if (stopper !== undefined) this.running.end(stopper);
      const tally = run?.tally ?? emptyTally;
      if (ends.length > 0) {
        const report = { ...tally, ms: this.clock.monotonic() - begun, failure };
        for (const end of ends) end(report);
      }
      observed?.end(tally);
    }
  }

  async #enter({ kind, tenantId, options }: Call): Promise<readonly CallEnd[]> {
    // The control plane's calls are nobody's.
    if (kind === "system" || tenantId === undefined) return [];
    const { context, label = {}, signal } = options;
    return enterAll(this.policies, { kind, tenantId, context, label, signal });
  }

  async #follow({ tenantId }: Call, functions: readonly (() => void | Promise<void>)[]): Promise<void> {
    for (const fn of functions) {
      try {
        await fn();
      } catch (cause) {
        const err = tenantryError("AFTER_COMMIT_FAILED", {}, { cause });
        this.#logger.error({ tenant: tenantId, err }, "a function to run after the commit failed");
      }
    }
  }
}
