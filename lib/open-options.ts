/** What `open` takes, and what of it can be checked before anything is opened. */
import type { Engine, EngineDescriptor } from "./engine/index.js";
import { copiesApart, isOfAnotherCopy, tenantryError } from "./errors/index.js";
import type { FairnessOptions } from "./fairness/index.js";
import type { OnViolation } from "./guard/index.js";
import { isReserved } from "./keyspace/index.js";
import type { ProvisioningOptions } from "./lifecycle/index.js";
import {
  entitiesMax,
  rootElementsMax,
  serviceLevelSlots,
  tenantLabelsLargest,
  tenantLabelsMax,
} from "./limits/index.js";
import {
  type Clock,
  type Logger,
  type Meter,
  type Random,
  ServiceLevels,
  type ServiceObjectives,
  type Tracer,
} from "./observe/index.js";
import { copiedList, optionNames, takeOptions } from "./options/index.js";
import type { QuotaOptions } from "./quota/index.js";
import type { AccessPolicy, OnDenied } from "./repository/index.js";
import type { AnyEntity } from "./schema/index.js";
import type { AuditOptions } from "./trail/index.js";
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
  /**
   * What stands in front of every key, so that several databases can share a store or a cluster: `["tenantry"]`. None may
   * lie inside another's: beside `["shop"]` there is no `["shop", "eu"]`. Neither UUIDs nor 0 are in it.
   */
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

/** The names of the options of `open`. */
export const openParts = {
  engine: true,
  entities: true,
  global: true,
  schemaCheck: true,
  root: true,
  logger: true,
  meter: true,
  tracer: true,
  tenantLabels: true,
  fairness: true,
  serviceLevels: true,
  clock: true,
  random: true,
  onViolation: true,
  cursorKeys: true,
  roles: true,
  quotas: true,
  onDenied: true,
  audit: true,
  provisioning: true,
} as const;
const openNames = optionNames<OpenOptions>(openParts);

const objectiveNames = optionNames<ServiceObjectives>({ latencyMs: true, fast: true, available: true, windowMs: true });

/** The options by name, their lists copied. @throws DATABASE_OPTION_INVALID, OPTION_UNKNOWN, OPTIONS_INVALID */
export function takeOpenOptions(given: OpenOptions): OpenOptions {
  const options = takeOptions(given, openNames, "open");
  const { engine, schemaCheck = "refuse" } = options;
  if (typeof engine !== "object" || engine === null)
    throw invalid("engine", "neither an engine nor made by one's function");
  if (schemaCheck !== "refuse" && schemaCheck !== "report") throw invalid("schemaCheck", "neither refuse nor report");
  const entities = listed("entities", options.entities, entitiesMax);
  const global = options.global === undefined ? undefined : listed("global", options.global, entitiesMax);
  const root = options.root === undefined ? undefined : listed("root", options.root, rootElementsMax);
  if (root?.some(isReserved) === true)
    throw invalid("root", "a UUID or 0 in it would be another database's tenant or control plane");
  return Object.assign(options, { entities, global, root });
}

/** A copy of a list; what it holds is checked where it is used. */
function listed<T>(option: string, given: readonly T[], most: number): readonly T[] {
  const list = copiedList(given, most);
  if (list === undefined) throw invalid(option, `not a list of ${most} at most`);
  return list as readonly T[];
}

/** The entities of tenants, and those of what is no tenant's. */
export function entitiesOf({
  entities,
  global = [],
}: OpenOptions): readonly [ReadonlySet<AnyEntity>, ReadonlySet<AnyEntity>] {
  const names = new Set<string>();
  for (const { name } of [...entities, ...global]) {
    if (names.has(name)) throw invalid("entities", `two entities have the name ${JSON.stringify(name)}`);
    names.add(name);
  }
  return [new Set(entities), new Set(global)];
}

/** The engine to open, or one that is open already. */
export function engineOf({ engine }: OpenOptions): OpenOptions["engine"] {
  if (typeof engine !== "object" || engine === null) throw invalid("engine", "neither an engine nor what names one");
  if (isOfAnotherCopy(engine)) throw invalid("engine", copiesApart);
  return engine;
}

export function rolesOf({ roles, entities }: OpenOptions): AccessPolicy | undefined {
  if (isOfAnotherCopy(roles)) throw invalid("roles", copiesApart);
  for (const one of roles?.entities ?? []) {
    const name = typeof one === "string" ? one : one.name;
    const entity = entities.find((known) => known.name === name);
    if (entity === undefined) throw invalid("roles", `there is no entity ${JSON.stringify(name)}`);
    // Conditions were read for its fields.
    if (entity !== one && one !== name) throw invalid("roles", `${JSON.stringify(name)} is another entity there`);
  }
  return roles;
}

export function labelsOf({ tenantLabels = tenantLabelsMax }: OpenOptions): number {
  if (Number.isSafeInteger(tenantLabels) && tenantLabels >= 0 && tenantLabels <= tenantLabelsLargest)
    return tenantLabels;
  throw invalid("tenantLabels", `not a whole number from 0 to ${tenantLabelsLargest}`);
}

export function serviceLevelsOf({ serviceLevels }: OpenOptions, clock: Clock): ServiceLevels | undefined {
  if (serviceLevels === undefined) return undefined;
  const { latencyMs, fast, available, windowMs } = takeOptions(serviceLevels, objectiveNames, "serviceLevels");
  if (!(latencyMs > 0 && Number.isFinite(latencyMs))) throw invalid("serviceLevels.latencyMs", "not a number above 0");
  if (!(windowMs >= serviceLevelSlots && Number.isFinite(windowMs))) {
    throw invalid("serviceLevels.windowMs", `not a number from ${serviceLevelSlots}`);
  }
  for (const [name, fraction] of Object.entries({ fast, available })) {
    if (!(fraction > 0 && fraction <= 1)) throw invalid(`serviceLevels.${name}`, "not above 0 and up to 1");
  }
  return new ServiceLevels(clock, { latencyMs, fast, available, windowMs });
}
