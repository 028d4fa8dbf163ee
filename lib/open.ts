/** Opening a database: the one place where engine, keyspace, runners, registry and repositories are put together. */
import { Identities } from "./access/identity/index.js";
import { Database } from "./database.js";
import { openEngine } from "./engine/index.js";
import { FairShare } from "./fairness/index.js";
import { openGlobal } from "./global/index.js";
import { Keyspace } from "./keyspace/index.js";
import {
  checkHealth,
  claimRoot,
  enterAsOperator,
  givenKeyring,
  Registry,
  StoredKeyring,
  seedsOf,
  Tenants,
} from "./lifecycle/index.js";
import { Definitions, Migration } from "./migration/index.js";
import { safePorts, TenantLabels } from "./observe/index.js";
import {
  engineOf,
  entitiesOf,
  labelsOf,
  type OpenOptions,
  rolesOf,
  serviceLevelsOf,
  takeOpenOptions,
} from "./open-options.js";
import { Quotas, type TenantRecords } from "./quota/index.js";
import { CursorSeal, RepositoryFactory } from "./repository/index.js";
import { newTenantId } from "./tenant/index.js";
import { AuditWiring } from "./trail/index.js";
import { SystemRunner, TransactionHost, TransactionRunner } from "./transaction/index.js";

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
 * Opens a database: its engine first, then its root, in one get, and the definitions it was opened with before, in one
 * range read. The first time the root is marked as a database's, where it lies neither around nor inside another's.
 * Definitions that are new are remembered, so that records of before can be read; nothing else is read or written until
 * the first operation.
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
export async function open(given: OpenOptions): Promise<Database> {
  const options = takeOpenOptions(given);
  const { clock, random, logger, meter, tracer, listener } = safePorts(options);
  const [entities, globalEntities] = entitiesOf(options);
  const { schemaCheck = "refuse" } = options;
  const keyring = options.cursorKeys === undefined ? undefined : givenKeyring("cursorKeys", options.cursorKeys);
  const asked = engineOf(options);
  const policy = rolesOf(options);
  const seeds = seedsOf(options.provisioning);
  const keyspace = new Keyspace(options.root);
  const audit = new AuditWiring(options.audit, entities, clock, random);
  const tenantLabels = new TenantLabels(clock, labelsOf(options));
  const serviceLevels = serviceLevelsOf(options, clock);
  const names = new Set(options.entities.map(({ name }) => name));
  const quotas =
    options.quotas === undefined
      ? undefined
      : new Quotas(options.quotas, { entities: names, runner: () => runner, records: () => records, clock, random });

  const fairness = options.fairness === undefined ? undefined : new FairShare(options.fairness);

  const engine = "begin" in asked ? asked : await openEngine(asked);
  const hooks = [...(quotas === undefined ? [] : [quotas.hook]), ...audit.hooks];
  // What is refused need not wait for its turn.
  const policies = [...(quotas === undefined ? [] : [quotas.policy]), ...(fairness === undefined ? [] : [fairness])];
  const observers = { logger, meter, tracer, tenantLabels, serviceLevels };
  const tagged = fairness !== undefined;
  const refusals = { onViolation: audit.onViolation(listener("onViolation", options.onViolation)) };
  const running = { engine, keyspace, clock, random, hooks, policies, tagged, ...refusals, ...observers };
  const host = new TransactionHost(running);
  const runner = new TransactionRunner(running, host);
  const control = new SystemRunner(host);
  const stored = new StoredKeyring(control, keyspace.control, clock, random);
  const seal = new CursorSeal(keyring ?? stored, () => clock.now());
  const definitions = new Definitions(control, keyspace.control);
  const closeEngine = async (): Promise<void> => {
    if (engine !== asked) await engine.close();
  };
  const now = (): number => clock.now();
  const met = await orClose(async () => {
    await claimRoot(control);
    return await definitions.meet(entities, schemaCheck);
  }, closeEngine);
  const opening = { ...running, entities: globalEntities, schemaCheck, seal, now };
  const global = globalEntities.size === 0 ? undefined : await orClose(() => openGlobal(opening), closeEngine);
  const repositories = new RepositoryFactory(
    met.models,
    seal,
    keyspace.tenant(newTenantId()).prefixLength,
    policy === undefined ? undefined : { policy, onDenied: audit.onDenied(listener("onDenied", options.onDenied)) },
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
    logger,
    serviceLevels,
    quotas,
    checkHealth: (asked) => checkHealth(healthParts, asked),
    schemaChanges: Object.freeze([...met.changes, ...(global?.changes ?? [])].map((change) => Object.freeze(change))),
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
      if (keyring === undefined) await stored.rotate();
    },
    closeEngine,
  });
}
