/** The stage: an engine that is watched, and a database of a few tenants on it for each run. */
import { randomBytes } from "node:crypto";
import type { Database } from "../../database.js";
import {
  type FaultRates,
  type FaultyEngine,
  faulty,
  type RecordingEngine,
  recording,
} from "../../engine/faults/index.js";
import type { Engine } from "../../engine/index.js";
import { Keyspace } from "../../keyspace/index.js";
import { type Clock, systemClock } from "../../observe/index.js";
import { open } from "../../open.js";
import type { AccessPolicy, OnDenied } from "../../repository/index.js";
import type { AnyEntity } from "../../schema/index.js";
import type { TenantContext, TenantId } from "../../tenant/index.js";
import type { Tenant } from "../../tenant-handle.js";
import { pack, type TupleElement, tupleRange } from "../../tuple/index.js";
import { grantedRoles } from "../generate/identity-step.js";
import type { Script } from "../generate/script.js";
import { unboundedPlan } from "../generate/setting.js";
import { Actor, type Stolen } from "./acting/index.js";
import type { KeptRow } from "./assertions.js";
import { CapturedPorts, SeededRandom } from "./captured.js";
import { type Cast, castOf } from "./cast.js";
import { withoutIndexes } from "./earlier.js";
import { OwnMetadata } from "./engines/own-metadata.js";
import { SteadyTime } from "./engines/steady-time.js";
import { openedEngine, type TestEngine } from "./engines/test-engine.js";

/** What a stage is made of. */
export interface StageOptions {
  readonly entities: readonly AnyEntity[];
  readonly engine: TestEngine;
  /** What goes wrong; nothing when undefined. */
  readonly faults?: { readonly seed: number; readonly rates: FaultRates } | undefined;
  /** Puts another engine in front, nearest to the database. */
  readonly front?: ((engine: Engine) => Engine) | undefined;
}

/** With what else the database of a scene is opened. */
export interface Dress {
  readonly roles?: AccessPolicy | undefined;
  readonly onDenied?: OnDenied | undefined;
  readonly ports?: CapturedPorts | undefined;
  /** Puts a clock of its own in place of the stage's. */
  readonly clock?: ((clock: Clock) => Clock) | undefined;
}

/** One database of a run, and the actors in it. */
export interface Scene {
  readonly cast: Cast;
  readonly db: Database;
  readonly ports: CapturedPorts;
  readonly random: SeededRandom;
  readonly time: SteadyTime;
  actor(tenant: TenantId, stolen?: Stolen): Actor;
  /** On whose behalf these act: an audit has somebody to name. */
  contextOf(tenant: TenantId): TenantContext | undefined;
  /** An actor with another handle than `actor` gives it. */
  actorWith(handle: Tenant, stolen: Stolen): Actor;
  /** The same store opened anew, by a program without roles, quotas or an audit. */
  reopened(): Promise<Database>;
}

export class Stage {
  /** What every key of the databases begins with: other data of the engine stays out of their way. */
  readonly root: readonly TupleElement[];
  readonly keyspace: Keyspace;
  readonly entities: readonly AnyEntity[];
  /** The engine the database gets, recording; take() from it. */
  readonly recorded: RecordingEngine;
  readonly #metadata: Uint8Array;
  readonly #earlier: readonly AnyEntity[];
  readonly #engine: Engine;
  readonly #faulty: FaultyEngine | undefined;
  readonly #front: ((engine: Engine) => Engine) | undefined;
  readonly #close: () => Promise<void>;

  private constructor(engine: Engine, { entities, faults, front, engine: given }: StageOptions) {
    const own = Uint8Array.from(randomBytes(8));
    this.root = ["tenantry laws", own];
    this.#metadata = pack(["tenantry laws", "metadata version", own]);
    this.keyspace = new Keyspace(this.root);
    this.entities = entities;
    this.#earlier = withoutIndexes(entities);
    this.#engine = engine;
    const apart = new OwnMetadata(engine, this.#metadata);
    this.#faulty = faults && faulty(apart, { ...faults, delayMs: 1 });
    this.#faulty?.disarm();
    this.recorded = recording(this.#faulty ?? apart);
    this.#front = front;
    this.#close = async () => {
      await this.#faulty?.settled();
      if (given !== engine) await engine.close();
    };
  }

  static async open(options: StageOptions): Promise<Stage> {
    return new Stage(await openedEngine(options.engine), options);
  }

  /** Plays one scene in a new database with the tenants of `script`, and clears everything after it. */
  async play<T>(script: Script, scene: (scene: Scene) => Promise<T>, dress: Dress = {}): Promise<T> {
    const cast = castOf(script.seed, script.bit);
    const { ports = new CapturedPorts() } = dress;
    const random = new SeededRandom(script.seed);
    const time = new SteadyTime(this.recorded);
    const { quotas, plan, audited, grown } = script.setting;
    // The same in every scene of a script, so that scenes can be compared call by call.
    const steady: Clock = {
      now: () => 1_700_000_000_000,
      monotonic: () => 0,
      after: (ms, fn) => systemClock.after(ms, fn),
    };
    const basis = { engine: this.#front?.(time) ?? time, root: this.root, random };
    const opened = (entities: readonly AnyEntity[]): Promise<Database> => {
      const { logger, meter, tracer } = ports;
      return open({
        ...basis,
        entities,
        clock: dress.clock?.(steady) ?? steady,
        roles: dress.roles,
        onDenied: dress.onDenied,
        onViolation: (violation) => void ports.said.push(violation),
        logger,
        meter,
        tracer,
        quotas,
        audit: audited ? {} : undefined,
      });
    };
    const contextOf = (id: TenantId): TenantContext | undefined =>
      audited ? { tenant: id, subject: "ada", roles: grantedRoles, requestId: "a request" } : undefined;
    const actorIn =
      (db: Database, entities: readonly AnyEntity[]) =>
      (id: TenantId, stolen: Stolen = {}): Actor =>
        new Actor(db.tenant(id, { context: contextOf(id) }), entities, script, stolen);
    const provision = (db: Database, id: TenantId): Promise<unknown> =>
      db.tenants.provision({ id, name: "of the laws", plan: id === cast.acting ? plan : quotas && unboundedPlan });
    const { acting, neighbour, stranger } = cast;
    try {
      if (grown) {
        await using earlier = await opened(this.#earlier);
        await provision(earlier, acting);
        await actorIn(earlier, this.#earlier)(acting).comeAndGo();
      }
      await using db = await opened(this.entities);
      await Promise.all([...(grown ? [] : [acting]), neighbour, stranger].map((id) => provision(db, id)));
      await db.rotateCursorKeys();
      random.reseed();
      try {
        return await scene({
          cast,
          db,
          ports,
          random,
          time,
          actor: actorIn(db, this.entities),
          contextOf,
          actorWith: (handle, stolen) => new Actor(handle, this.entities, script, stolen),
          reopened: () => open({ ...basis, entities: this.entities, clock: steady }),
        });
      } finally {
        await this.calm();
      }
    } finally {
      await this.#clear();
    }
  }

  /** Lets faults happen from here on; forgets what was recorded and said; chance and time begin anew. */
  watch({ ports, random, time }: Scene): void {
    random.reseed();
    time.restart();
    this.#faulty?.arm();
    this.recorded.take();
    ports.said.length = 0;
  }

  /** Stops faults, and waits for commits that are still to land. */
  async calm(): Promise<void> {
    this.#faulty?.disarm();
    await this.#faulty?.settled();
  }

  /** Every row there is. */
  async rows(): Promise<readonly KeptRow[]> {
    const { begin, end } = tupleRange(pack(this.root));
    const kept: KeptRow[] = [];
    const transaction = this.#engine.begin();
    let from = { key: begin, orEqual: false, offset: 1 };
    for (;;) {
      const { rows, more } = await transaction.getRange(from, { key: end, orEqual: false, offset: 1 });
      for (const [key, value] of rows) kept.push({ key, value });
      const last = kept.at(-1);
      if (!more || last === undefined) break;
      from = { key: last.key, orEqual: true, offset: 1 };
    }
    transaction.cancel();
    return kept;
  }

  async close(): Promise<void> {
    await this.#close();
  }

  async #clear(): Promise<void> {
    const { begin, end } = tupleRange(pack(this.root));
    for (;;) {
      const transaction = this.#engine.begin();
      transaction.clearRange(begin, end);
      transaction.clear(this.#metadata);
      try {
        return await transaction.commit();
      } catch (error) {
        await transaction.onError(error);
      }
    }
  }
}
