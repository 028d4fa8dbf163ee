/** What the runners of one database share: its engine, its ports, what runs, and how a call is observed. */
import type { Engine, EngineTransaction } from "../engine/index.js";
import { knownCode, leaving, tenantryError } from "../errors/index.js";
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
import type { Call } from "./call/call.js";
import { callBounds } from "./call/call-terms.js";
import { TenantGate } from "./gate.js";
import type { RunnerOptions, TransactionPriority } from "./options.js";
import { type CallEnd, type CallPolicy, endRefused, enterAll, reportOf } from "./policy/call-policy.js";
import type { TransactionHook } from "./policy/hook.js";
import {
  type Applied,
  CallObserver,
  emptyTally,
  named,
  RunningWork,
  type RunPlan,
  Stopper,
  TransactionRun,
} from "./run/index.js";

const noEnds: readonly CallEnd[] = [];

/** A tag of FoundationDB's has 16 bytes at most: half of a tenant's id, as hex, tells tenants apart well enough. */
const tagOf = (tenantId: TenantId): string => tenantId.replaceAll("-", "").slice(0, 16);

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
  readonly observer: CallObserver;
  readonly #tagged: boolean;

  constructor(options: RunnerOptions) {
    const { engine, keyspace, clock = systemClock, random = systemRandom, logger, meter, tracer, hooks } = options;
    this.engine = engine;
    this.keyspace = keyspace;
    this.clock = clock;
    this.random = random;
    this.hooks = hooks ?? [];
    this.policies = options.policies ?? [];
    this.#tagged = options.tagged === true;
    this.running = new RunningWork(clock);
    this.#logger = logger ?? silentLogger;
    const { tenantLabels, serviceLevels } = options;
    const observed = { engine: engine.name, clock, logger, meter, tracer, tenantLabels, serviceLevels };
    this.observer = new CallObserver(observed);
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

  /** The engine's transaction of a tenant's call: on a cluster of its priority, and tagged with its tenant if wanted. */
  begin(tenantId: TenantId, priority: TransactionPriority | undefined): EngineTransaction {
    const transaction = this.engine.begin();
    if (priority === "batch") transaction.setOption("priorityBatch");
    if (this.#tagged) transaction.setOption("tag", tagOf(tenantId));
    return transaction;
  }

  /** Performs a call: checks its options, asks the policies, bounds it, runs it, and observes it. */
  async perform<T>(call: Call, plan: RunPlan<T>): Promise<T> {
    const { attempts, deadlineMs } = callBounds(call.terms);
    this.running.assertAdmitted();
    const observed = this.observer.begin(call);
    let run: TransactionRun<T> | undefined;
    const { signal } = call.terms;
    const stopper = new Stopper(this.clock, { deadlineMs, signal, attempts: () => run?.tally.attempts ?? 0 });
    this.running.begin(stopper);
    try {
      const entering = this.#enter(call, stopper);
      const ends = entering instanceof Promise ? await entering : entering;
      const begun = ends.length === 0 ? 0 : this.clock.monotonic();
      let failure: string | undefined;
      let applied: Applied<T>;
      try {
        run = new TransactionRun(this, plan, stopper, attempts);
        applied = await run.outcome();
      } catch (error) {
        failure = knownCode(error);
        throw error;
      } finally {
        if (ends.length > 0) {
          const report = reportOf(run?.tally ?? emptyTally, this.clock.monotonic() - begun, failure);
          for (const end of ends) end(report);
        }
      }
      // What follows the commit may make calls of its own: it holds no place that they might wait for.
      const { value, attempt } = applied;
      if (attempt !== undefined && attempt.afterCommit.length > 0) await this.#follow(call, attempt.afterCommit);
      return value;
    } catch (thrown) {
      const error = named(thrown);
      observed?.failed(error);
      throw leaving(error);
    } finally {
      stopper.dispose();
      this.running.end(stopper);
      observed?.end(run?.tally ?? emptyTally);
    }
  }

  /** Asks all policies to let the call in: at once, or when none makes it wait any more and it is not stopped. */
  #enter({ kind, tenantId, terms, actor }: Call, stopper: Stopper): readonly CallEnd[] | Promise<readonly CallEnd[]> {
    // The control plane's calls are nobody's.
    if (this.policies.length === 0 || kind === "system" || tenantId === undefined) return noEnds;
    if (actor.own) return noEnds;
    const { label, priority = "default" } = terms;
    const { context } = actor;
    stopper.assertGoing();
    const tenant = this.gate.known(tenantId);
    const onStop = (leave: () => void): void => stopper.cancels(leave);
    const entering = enterAll(this.policies, { kind, tenantId, tenant, context, label, priority, onStop });
    if (!(entering instanceof Promise)) return entering;
    return stopper.race(entering).catch((error: unknown) => {
      // Let in too late.
      entering.then(endRefused, () => {});
      throw error;
    });
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
