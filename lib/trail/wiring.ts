/** How auditing is put into a database: its hook, what it hears of refusals, and the trails. */
import { AuditHook, AuditKeys } from "../audit/index.js";
import type { Violation } from "../guard/index.js";
import type { ControlKeys } from "../keyspace/index.js";
import { type ControlPlane, StoredKeyring, type Tenants } from "../lifecycle/index.js";
import { type Clock, type Logger, type Meter, type Random, silentLogger, silentMeter } from "../observe/index.js";
import type { CursorSeal, Denial } from "../repository/index.js";
import type { AnyEntity } from "../schema/index.js";
import { isTenantState, tenantStates } from "../tenant/index.js";
import type { TransactionHook } from "../transaction/index.js";
import { AuditTrails } from "./audit-trails.js";
import { Denials } from "./denials.js";
import { type AuditOptions, auditedNames, sealKeyring, takeAuditOptions } from "./options.js";
import { TrailRows } from "./trail-rows.js";

/** What the trails need of a database that is put together. */
export interface WiredParts {
  readonly control: ControlPlane;
  readonly keys: ControlKeys;
  readonly logger: Logger | undefined;
  readonly meter: Meter | undefined;
  readonly seal: CursorSeal;
  readonly tenants: Tenants;
}

type Listener<Event> = (event: Event) => void;

/** Made before the database's transactions run, connected once they do. */
export class AuditWiring {
  /** What joins transactions: nothing unless auditing was asked for. */
  readonly hooks: readonly TransactionHook[];
  readonly #hears: boolean;
  readonly #entities: ReadonlySet<AnyEntity>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #given: ReturnType<typeof sealKeyring>;
  #denials: Denials | undefined;

  /** @throws DATABASE_OPTION_INVALID */
  constructor(given: AuditOptions | undefined, entities: ReadonlySet<AnyEntity>, clock: Clock, random: Random) {
    const options = takeAuditOptions(given);
    this.#hears = given !== undefined && options.denials !== false;
    this.#entities = entities;
    this.#clock = clock;
    this.#random = random;
    this.#given = sealKeyring(options);
    const names = auditedNames(options, entities);
    this.hooks = given === undefined ? [] : [new AuditHook(new AuditKeys(random), clock, names)];
  }

  /** Hears of violations, and tells `next`, which throws nothing. */
  onViolation(next: Listener<Violation> | undefined): Listener<Violation> | undefined {
    if (!this.#hears) return next;
    return (violation) => {
      const { tenantId, operation } = violation;
      this.#denials?.deny(tenantId, { code: "ISOLATION_VIOLATION", operation });
      next?.(violation);
    };
  }

  /** Hears of attempts that roles refused, and tells `next`, which throws nothing. */
  onDenied(next: Listener<Denial> | undefined): Listener<Denial> | undefined {
    if (!this.#hears) return next;
    return (denial) => {
      const { context, entity, action } = denial;
      const { tenant, subject, requestId } = context;
      this.#denials?.deny(tenant, { code: "ACCESS_DENIED", subject, requestId, operation: action, entity });
      next?.(denial);
    };
  }

  connect({ control, keys, logger = silentLogger, meter = silentMeter, seal, tenants }: WiredParts): AuditTrails {
    const [clock, random] = [this.#clock, this.#random];
    const counter = meter.createCounter("tenantry.denials", {
      description: "Attempts that were refused, by code",
      unit: "{attempt}",
    });
    const denials = new Denials({ control, clock, random, logger, counter });
    this.#denials = denials;
    const keyring = this.#given ?? new StoredKeyring(control, keys, clock, random, "auditKeys");
    const rows = new TrailRows(control, keyring);
    // Erased ones too: their trails are there.
    const state = Object.keys(tenantStates).filter(isTenantState);
    const everyTenant = () => tenants.list({ state });
    const [entities, hears] = [this.#entities, this.#hears];
    return new AuditTrails({ rows, seal, clock, entities, denials, hears, tenants: everyTenant });
  }

  /** Writes what was heard and is not written yet, before the database closes; undefined when that is nothing. */
  flush(): Promise<void> | undefined {
    return this.#denials?.isWaiting === true ? this.#denials.flush() : undefined;
  }
}
