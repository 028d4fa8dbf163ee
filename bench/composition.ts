/**
 * A database put together as `open` does, but with parts that `open` has no option for: no guard, other hooks. What
 * those cost is the difference to the usual one. For the benchmarks alone.
 */
import { Identities } from "../lib/access/identity/index.js";
import { Database } from "../lib/database.js";
import type { Engine, EngineTransaction } from "../lib/engine/index.js";
import { TenantGuard, ViolationLog } from "../lib/guard/index.js";
import { type KeyRange, Keyspace, type TenantRange } from "../lib/keyspace/index.js";
import { checkHealth, enterAsOperator, Registry, StoredKeyring, Tenants } from "../lib/lifecycle/index.js";
import { systemClock, systemRandom } from "../lib/observe/index.js";
import { CursorSeal, RepositoryFactory } from "../lib/repository/index.js";
import { type AnyEntity, type EntityModel, modelOf } from "../lib/schema/index.js";
import { newTenantId, type TenantId } from "../lib/tenant/index.js";
import { AuditWiring } from "../lib/trail/index.js";
import { type RunnerOptions, SystemRunner, TransactionHost, TransactionRunner } from "../lib/transaction/index.js";
import { Person } from "./people/person.js";

/** Makes keys physical and relative again, and checks nothing. */
class NoGuard extends TenantGuard {
  readonly #range: TenantRange;

  constructor(range: TenantRange) {
    super(range, new ViolationLog());
    this.#range = range;
  }

  override key(relative: Uint8Array): Uint8Array {
    return this.#range.absolute(relative);
  }

  override range({ begin, end }: KeyRange): KeyRange {
    return { begin: this.#range.absolute(begin), end: this.#range.absolute(end) };
  }

  override checkResult(): void {}

  override relative(key: Uint8Array): Uint8Array {
    return key.subarray(this.#range.prefixLength);
  }
}

type Gate = TransactionHost["gate"];

/** Puts `NoGuard` in the place of every tenant's guard, when the tenant is first met. */
function withoutGuards(gate: Gate, keyspace: Keyspace): void {
  const seatOf = gate.seat.bind(gate);
  const admit = gate.admit.bind(gate);
  const bared = new WeakSet<object>();
  const bare = (id: TenantId): ReturnType<Gate["seat"]> => {
    const seat = seatOf(id);
    if (!bared.has(seat)) {
      bared.add(seat);
      Object.assign(seat, { guard: new NoGuard(keyspace.tenant(id)) });
    }
    return seat;
  };
  Object.assign(gate, {
    seat: bare,
    admit: async (engine: EngineTransaction, id: TenantId, operator: boolean) => {
      const admission = await admit(engine, id, operator);
      if (!bared.has(admission.seat)) bare(id);
      return admission;
    },
  });
}

export interface CompositionOptions extends Pick<RunnerOptions, "hooks" | "logger"> {
  readonly root?: readonly string[] | undefined;
  /** Whether keys are checked; they are unless this says no. */
  readonly guarded?: boolean | undefined;
}

/** A database over an engine that stays the caller's to close. */
export function compose(engine: Engine, { root, guarded = true, hooks, logger }: CompositionOptions = {}): Database {
  const clock = systemClock;
  const random = systemRandom;
  const keyspace = new Keyspace(root);
  const running = { engine, keyspace, clock, random, hooks, logger };
  const host = new TransactionHost(running);
  if (!guarded) withoutGuards(host.gate, keyspace);
  const control = new SystemRunner(host);
  const keyring = new StoredKeyring(control, keyspace.control, clock, random);
  const seal = new CursorSeal(keyring, () => clock.now());
  const runner = new TransactionRunner(running, host);
  const repositories = new RepositoryFactory(
    new Map<AnyEntity, EntityModel<AnyEntity>>([[Person, modelOf<AnyEntity>(Person)]]),
    seal,
    keyspace.tenant(newTenantId()).prefixLength,
  );
  const registry = new Registry(control, keyspace.control, clock, random);
  const tenants = new Tenants({ registry, runner, repositories, seal, seeds: [] });
  const audit = new AuditWiring(undefined, new Set([Person]), clock, random);
  return new Database({
    schemaChanges: [],
    migrate: () => Promise.reject(new TypeError("The benchmark migrates nothing.")),
    tenants,
    audit: audit.connect({
      control,
      keys: keyspace.control,
      logger,
      meter: undefined,
      seal,
      tenants,
    }),
    flushAudit: () => audit.flush(),
    runner,
    repositories,
    identities: new Identities(repositories, clock, random),
    enterAsOperator: (id, entrance) => enterAsOperator(registry, id, entrance),
    logger,
    serviceLevels: undefined,
    global: undefined,
    quotas: undefined,
    checkHealth: (options) => checkHealth({ control, keys: keyspace.control, clock, engine: engine.name }, options),
    rotateCursorKeys: () => keyring.rotate(),
    closeEngine: async () => {},
  });
}
