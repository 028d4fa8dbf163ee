/** Opening a database: the one place where engine, keyspace, runners, registry and repositories are put together. */
import { Identities } from "./access/identity/index.js";
import { Database } from "./database.js";
import { type Engine, type EngineDescriptor, openEngine } from "./engine/index.js";
import { tenantryError } from "./errors/index.js";
import { type FairnessOptions, FairShare } from "./fairness/index.js";
import { openGlobal } from "./global/index.js";
import type { OnViolation } from "./guard/index.js";
import { Keyspace } from "./keyspace/index.js";
import {
  checkHealth,
  enterAsOperator,
  GivenKeyring,
  type ProvisioningOptions,
  Registry,
  StoredKeyring,
  seedsOf,
  Tenants,
} from "./lifecycle/index.js";
import { serviceLevelSlots, tenantLabelsLargest, tenantLabelsMax } from "./limits/index.js";
import { Definitions, Migration, type SchemaCheck } from "./migration/index.js";
import {
  type Clock,
  containedClock,
  containedLogger,
  containedMeter,
  containedTracer,
  type Logger,
  type Meter,
  type Random,
  ServiceLevels,
  type ServiceObjectives,
  systemClock,
  systemRandom,
  TenantLabels,
  type Tracer,
} from "./observe/index.js";
import { type QuotaOptions, Quotas, type TenantRecords } from "./quota/index.js";
import {
  type AccessPolicy,
  CursorSeal,
  cursorSecretBytes,
  type OnDenied,
  RepositoryFactory,
} from "./repository/index.js";
import type { AnyEntity } from "./schema/index.js";
import { newTenantId } from "./tenant/index.js";
import { type AuditOptions, AuditWiring } from "./trail/index.js";
import { SystemRunner, TransactionHost, TransactionRunner } from "./transaction/index.js";
import type { TupleElement } from "./tuple/index.js";

/**
 * What `open` takes.
 *
 * @example
 * ```ts
 * import { embedded, open } from "tenantry";
 * const db = await open({
 *   engine: embedded("./data"),
 *   entities: [],
 *   root: ["shop", "eu"],
 *   logger: { debug() {}, info: console.info, warn: console.warn, error: console.error },
 * });
 * ```
 */
export interface OpenOptions {
  /** Made by `embedded`, `memory` or `foundationdb`; or an engine already open, which stays the caller's to close. */
  readonly engine: EngineDescriptor | Engine;
  /** All entities that repositories will be asked for, each with a name of its own. */
  readonly entities: readonly AnyEntity[];
  /** Entities of what is no tenant's ({@link Database.global}), with names that none of the others has. */
  readonly global?: readonly AnyEntity[] | undefined;
  /**
   * What becomes of a change of an entity that stored records need not fit: `refuse`, the default, throws
   * `SCHEMA_INCOMPATIBLE`; `report` opens, lists it in {@link Database.schemaChanges}, and refuses the records that do
   * not fit one by one.
   */
  readonly schemaCheck?: "refuse" | "report" | undefined;
  /** What stands in front of every key, so that several databases can share a store or a cluster: `["tenantry"]`. */
  readonly root?: readonly TupleElement[] | undefined;
  /**
   * Gets one debug event per transaction: entity, operation, attempts, rows, milliseconds; never keys or values. What it,
   * the meter or the tracer throws changes nothing.
   */
  readonly logger?: Logger | undefined;
  readonly meter?: Meter | undefined;
  readonly tracer?: Tracer | undefined;
  /**
   * How many tenants have a label of their own in metrics at once, the busiest: 20. The others share the label `other`.
   * A process never makes more than ten times as many series of one instrument.
   */
  readonly tenantLabels?: number | undefined;
  /**
   * Shares this process out among its tenants, so that one tenant's flood does not keep the others waiting; `{}` for the
   * defaults. On a FoundationDB cluster transactions are tagged with their tenant as well. Unless given, calls run as
   * they come.
   */
  readonly fairness?: FairnessOptions | undefined;
  /** What is promised to every tenant; unless given, {@link Database.serviceLevels} has nothing to tell. */
  readonly serviceLevels?: ServiceObjectives | undefined;
  /** Time, replaced in tests. Where it throws, no time has passed. */
  readonly clock?: Clock | undefined;
  /** Randomness, replaced in tests. */
  readonly random?: Random | undefined;
  /** Told of attempts to leave a tenant, at a bounded rate. */
  readonly onViolation?: OnViolation | undefined;
  /**
   * Secrets of 32 bytes that seal page cursors: the first seals, all of them open, so a new one in front rotates.
   * Unless given, the database keeps its own (see {@link Database.rotateCursorKeys}).
   */
  readonly cursorKeys?: readonly Uint8Array[] | undefined;
  /**
   * What handles with a context may do, deny by default: made by `roles` of `tenantry/access`. Handles without one act
   * for the program itself, which roles do not bind.
   */
  readonly roles?: AccessPolicy | undefined;
  /** What tenants may use, by their plans. Without it nothing is counted. */
  readonly quotas?: QuotaOptions | undefined;
  /** Told of each attempt that roles refused. */
  readonly onDenied?: OnDenied | undefined;
  /**
   * Writes down in each tenant's audit trail who changes which records, and what was refused; what becomes of tenants
   * themselves is written down in any case. Costs a few microseconds a record.
   */
  readonly audit?: AuditOptions | undefined;
  /** What happens to every new tenant. */
  readonly provisioning?: ProvisioningOptions | undefined;
}

const invalid = (option: string, reason: string): Error => tenantryError("DATABASE_OPTION_INVALID", { option, reason });

/** The entities of tenants, and those of what is no tenant's. */
function entitiesOf({ entities, global = [] }: OpenOptions): readonly [ReadonlySet<AnyEntity>, ReadonlySet<AnyEntity>] {
  const names = new Set<string>();
  for (const { name } of [...entities, ...global]) {
    if (names.has(name)) throw invalid("entities", `two entities have the name ${JSON.stringify(name)}`);
    names.add(name);
  }
  return [new Set(entities), new Set(global)];
}

function rolesOf({ roles, entities }: OpenOptions): AccessPolicy | undefined {
  for (const one of roles?.entities ?? []) {
    const name = typeof one === "string" ? one : one.name;
    const entity = entities.find((known) => known.name === name);
    if (entity === undefined) throw invalid("roles", `there is no entity ${JSON.stringify(name)}`);
    // Conditions were read for its fields.
    if (entity !== one && one !== name) throw invalid("roles", `${JSON.stringify(name)} is another entity there`);
  }
  return roles;
}

function givenKeyring({ cursorKeys }: OpenOptions): GivenKeyring | undefined {
  if (cursorKeys === undefined) return undefined;
  const [first, ...others] = cursorKeys.map((secret) => Uint8Array.from(secret));
  if (first === undefined) throw invalid("cursorKeys", "there is none");
  if ([first, ...others].some(({ length }) => length !== cursorSecretBytes)) {
    throw invalid("cursorKeys", `a secret does not have ${cursorSecretBytes} bytes`);
  }
  return new GivenKeyring(first, ...others);
}

function labelsOf({ tenantLabels = tenantLabelsMax }: OpenOptions): number {
  if (Number.isSafeInteger(tenantLabels) && tenantLabels >= 0 && tenantLabels <= tenantLabelsLargest)
    return tenantLabels;
  throw invalid("tenantLabels", `not a whole number from 0 to ${tenantLabelsLargest}`);
}

function serviceLevelsOf({ serviceLevels }: OpenOptions, clock: Clock): ServiceLevels | undefined {
  if (serviceLevels === undefined) return undefined;
  const { latencyMs, fast, available, windowMs } = serviceLevels;
  if (!(latencyMs > 0 && Number.isFinite(latencyMs))) throw invalid("serviceLevels.latencyMs", "not a number above 0");
  if (!(windowMs >= serviceLevelSlots && Number.isFinite(windowMs))) {
    throw invalid("serviceLevels.windowMs", `not a number from ${serviceLevelSlots}`);
  }
  for (const [name, fraction] of Object.entries({ fast, available })) {
    if (!(fraction > 0 && fraction <= 1)) throw invalid(`serviceLevels.${name}`, "not above 0 and up to 1");
  }
  return new ServiceLevels(clock, { latencyMs, fast, available, windowMs });
}

function schemaCheckOf({ schemaCheck = "refuse" }: OpenOptions): SchemaCheck {
  if (schemaCheck === "refuse" || schemaCheck === "report") return schemaCheck;
  throw invalid("schemaCheck", "neither refuse nor report");
}

/** The program's own ports, so that what one of them throws is nobody's. */
const portsOf = ({ clock, logger, meter, tracer }: OpenOptions) => ({
  clock: clock === undefined ? systemClock : containedClock(clock),
  logger: logger && containedLogger(logger),
  meter: meter && containedMeter(meter),
  tracer: tracer && containedTracer(tracer),
});

/** What `work` comes to; what was opened is closed again when it fails. */
async function orClose<T>(work: () => Promise<T>, close: () => Promise<void>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Opens a database: its engine first, then the definitions it was opened with before, in one range read. Definitions
 * that are new are remembered, so that records of before can be read; nothing else is read or written until the first
 * operation.
 *
 * @throws `DATABASE_OPTION_INVALID`; `SCHEMA_INCOMPATIBLE` with all changes of entities that stored records need not fit,
 *   before anything is written; and what keeps the engine from opening (`STORE_…`, `FOUNDATIONDB_…`).
 *
 * @example
 * ```ts
 * import { embedded, entity, open } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 *
 * const db = await open({ engine: embedded("./data"), entities: [City] });
 * const { id } = await db.tenants.provision({ name: "France" });
 * const cities = db.tenant(id).repository(City);
 * await cities.create({ id: 2988507, name: "Paris" });
 * await db.close();
 * ```
 */
export async function open(options: OpenOptions): Promise<Database> {
  const { random = systemRandom, onViolation } = options;
  const { clock, logger, meter, tracer } = portsOf(options);
  const [entities, globalEntities] = entitiesOf(options);
  const schemaCheck = schemaCheckOf(options);
  const given = givenKeyring(options);
  const policy = rolesOf(options);
  const seeds = seedsOf(options.provisioning ?? {});
  const keyspace = new Keyspace(options.root);
  const audit = new AuditWiring(options.audit, entities, clock, random);
  const tenantLabels = new TenantLabels(clock, labelsOf(options));
  const serviceLevels = serviceLevelsOf(options, clock);
  const names = new Set(options.entities.map(({ name }) => name));
  const quotas =
    options.quotas === undefined
      ? undefined
      : new Quotas(options.quotas, { entities: names, runner: () => runner, records: () => records, clock, random });

  const engine = "begin" in options.engine ? options.engine : await openEngine(options.engine);
  const hooks = [...(quotas === undefined ? [] : [quotas.hook]), ...audit.hooks];
  // What is refused need not wait for its turn.
  const policies = [
    ...(quotas === undefined ? [] : [quotas.policy]),
    ...(options.fairness === undefined ? [] : [new FairShare(options.fairness)]),
  ];
  const observers = { logger, meter, tracer, tenantLabels, serviceLevels };
  const tagged = options.fairness !== undefined;
  const refusals = { onViolation: audit.onViolation(onViolation) };
  const running = { engine, keyspace, clock, random, hooks, policies, tagged, ...refusals, ...observers };
  const host = new TransactionHost(running);
  const runner = new TransactionRunner(running, host);
  const control = new SystemRunner(host);
  const stored = new StoredKeyring(control, keyspace.control, clock, random);
  const seal = new CursorSeal(given ?? stored, () => clock.now());
  const definitions = new Definitions(control, keyspace.control);
  const closeEngine = async (): Promise<void> => {
    if (engine !== options.engine) await engine.close();
  };
  const now = (): number => clock.now();
  const met = await orClose(() => definitions.meet(entities, schemaCheck), closeEngine);
  const opening = { ...running, entities: globalEntities, schemaCheck, seal, now };
  const global = globalEntities.size === 0 ? undefined : await orClose(() => openGlobal(opening), closeEngine);
  const repositories = new RepositoryFactory(
    met.models,
    seal,
    keyspace.tenant(newTenantId()).prefixLength,
    policy === undefined ? undefined : { policy, onDenied: audit.onDenied(options.onDenied) },
    () => clock.now(),
  );
  const registry = new Registry(control, keyspace.control, clock, random);
  const tenants = new Tenants({ registry, runner, repositories, seal, seeds });
  const records: TenantRecords = {
    get: (id) => tenants.get(id),
    change: (id, act, revise) => registry.change(id, act, revise),
  };
  const migrating = { models: met.models, repositories, runner, definitions };
  const healthParts = { control, keys: keyspace.control, clock, engine: engine.name };
  return new Database({
    serviceLevels,
    quotas,
    checkHealth: (asked) => checkHealth(healthParts, asked),
    schemaChanges: [...met.changes, ...(global?.changes ?? [])],
    global,
    migrate: (asked) => new Migration({ ...migrating, listTenants: (list) => tenants.list(list) }, asked).run(),
    tenants,
    audit: audit.connect({ control, keys: keyspace.control, logger, meter, seal, tenants }),
    flushAudit: () => audit.flush(),
    runner,
    repositories,
    identities: new Identities(repositories, clock, random),
    enterAsOperator: (id, entrance) => enterAsOperator(registry, id, entrance),
    rotateCursorKeys: async () => {
      if (given === undefined) await stored.rotate();
    },
    closeEngine,
  });
}
