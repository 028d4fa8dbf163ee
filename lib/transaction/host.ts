/** What the runners of one database share: its engine, its ports, what runs, and how a call is observed. */
import type { Engine } from "../engine/index.js";
import { isTenantryError, tenantryError } from "../errors/index.js";
import { ViolationLog } from "../guard/index.js";
import type { Keyspace } from "../keyspace/index.js";
import {
  type Clock,
  type Counter,
  type Histogram,
  type Logger,
  type Random,
  silentLogger,
  silentMeter,
  silentTracer,
  systemClock,
  systemRandom,
  type Tracer,
} from "../observe/index.js";
import type { TenantId } from "../tenant/index.js";
import { TenantGate } from "./gate.js";
import { type ActingOptions, callBounds, type RunnerOptions, type TransactionOptions } from "./options.js";
import { type CallEnd, type CallPolicy, type CallReport, enterAll } from "./policy/call-policy.js";
import type { TransactionHook } from "./policy/hook.js";
import { RunningWork, type RunPlan, Stopper, TransactionRun } from "./run/index.js";

/** One call of a runner. */
export interface Call {
  readonly kind: "transact" | "read" | "system";
  readonly tenantId: TenantId | undefined;
  readonly options: TransactionOptions & ActingOptions;
}

interface Instruments {
  readonly calls: Counter;
  readonly retries: Counter;
  readonly duration: Histogram;
}

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
  readonly #tracer: Tracer;
  readonly #instruments: Instruments;

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
    this.#tracer = tracer ?? silentTracer;
    const instruments = meter ?? silentMeter;
    this.#instruments = {
      calls: instruments.createCounter("tenantry.transactions", {
        description: "Transactions that ended, by kind and outcome",
        unit: "{transaction}",
      }),
      retries: instruments.createCounter("tenantry.transaction.retries", {
        description: "Attempts after the first, by kind",
        unit: "{attempt}",
      }),
      duration: instruments.createHistogram("tenantry.transaction.duration", {
        description: "Time from a transaction's call to its end, all attempts together",
        unit: "ms",
      }),
    };
    const violations = instruments.createCounter("tenantry.isolation.violations", {
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

  /** Performs a call: checks its options, bounds it, runs it, and reports it. */
  async perform<T>(call: Call, plan: RunPlan<T>): Promise<T> {
    const { attempts, deadlineMs } = callBounds(call.options);
    this.running.assertAdmitted();
    const ends = this.policies.length === 0 ? [] : await this.#enter(call);
    const begun = this.clock.monotonic();
    const span = this.#tracer.startSpan(`tenantry.${call.kind}`);
    let run: TransactionRun<T> | undefined;
    const stopper = new Stopper(this.clock, {
      deadlineMs,
      signal: call.options.signal,
      attempts: () => run?.attempts ?? 0,
    });
    this.running.begin(stopper);
    let failure: string | undefined;
    try {
      if (ends.length > 0) this.running.assertAdmitted();
      run = new TransactionRun(this, plan, stopper, attempts);
      const { value, attempt } = await run.outcome();
      if (attempt !== undefined && attempt.afterCommit.length > 0) await this.#follow(call, attempt.afterCommit);
      return value;
    } catch (error) {
      failure = codeOf(error);
      span.fail(failure);
      throw error;
    } finally {
      stopper.dispose();
      this.running.end(stopper);
      span.end();
      const report = {
        attempts: run?.attempts ?? 0,
        rows: run?.rows ?? 0,
        ms: this.clock.monotonic() - begun,
        failure,
      };
      for (const end of ends) end(report);
      this.#report(call, report);
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

  #report({ kind, tenantId, options }: Call, { attempts, rows, ms, failure }: CallReport): void {
    const { calls, retries, duration } = this.#instruments;
    calls.add(1, { kind, outcome: failure ?? "done" });
    if (attempts > 1) retries.add(attempts - 1, { kind });
    duration.record(ms, { kind });
    if (this.#logger === silentLogger) return;
    const { entity, operation } = options.label ?? {};
    const outcome = failure === undefined ? {} : { failure };
    this.#logger.debug({ tenant: tenantId, kind, entity, operation, attempts, rows, ms, ...outcome }, "transaction");
  }
}

/** What is said of an error in logs and metrics: its code, for foreign ones their class; never a message. */
const codeOf = (error: unknown): string =>
  isTenantryError(error) ? error.code : error instanceof Error ? error.name : typeof error;
