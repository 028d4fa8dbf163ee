/** The actor: performs a script's steps through the public interface of one tenant. */
import { isTenantryError } from "../../../errors/index.js";
import type { AnyEntity } from "../../../schema/index.js";
import type { Tenant } from "../../../tenant-handle.js";
import type { HandleStep } from "../../generate/handle-step.js";
import type { QuotaNames, QuotaStep } from "../../generate/quota-step.js";
import {
  type LongStep,
  type RepositoryStep,
  type ScopeStep,
  type Script,
  type Step,
  wholeRange,
} from "../../generate/script.js";
import { type Outcome, outcomeOf } from "../outcome.js";
import type { Source } from "./any-repository.js";
import { HandleActor } from "./handle-actor.js";
import { IdentityActor } from "./identity-actor.js";
import { performClaim, QuotaActor } from "./quota-actor.js";
import { RepositoryActor } from "./repository-actor.js";

/** A cursor, and the query it is of. */
export interface Leaf {
  readonly entity: number;
  readonly index: string | undefined;
  readonly cursor: string;
}

type SingleStep = Exclude<Step, { readonly steps: unknown }>;

/** What other tenants were given, for the actor to try. */
export interface Stolen {
  readonly cursors?: readonly string[] | undefined;
  readonly tokens?: readonly string[] | undefined;
  /** The lines of an export. */
  readonly exported?: readonly string[] | undefined;
}

export class Actor {
  readonly #tenant: Tenant;
  readonly #entities: readonly AnyEntity[];
  readonly #script: Script;
  readonly #repositories: RepositoryActor;
  readonly #identity: IdentityActor;
  readonly #handle: HandleActor;
  readonly #quotas: QuotaActor;
  readonly #outcomes: Outcome[] = [];

  constructor(tenant: Tenant, entities: readonly AnyEntity[], script: Script, stolen: Stolen) {
    this.#tenant = tenant;
    this.#entities = entities;
    this.#script = script;
    this.#repositories = new RepositoryActor(tenant, entities, script, stolen.cursors ?? []);
    this.#identity = new IdentityActor(tenant, stolen.tokens ?? []);
    this.#handle = new HandleActor(tenant, stolen.exported ?? []);
    this.#quotas = new QuotaActor(tenant);
  }

  /** Performs every step, and gives what came of each. */
  perform(): Promise<readonly Outcome[]> {
    return this.play(this.#script.steps);
  }

  /** Performs other steps than the script's. */
  async play(steps: readonly Step[]): Promise<readonly Outcome[]> {
    for (const step of steps) await this.#step(step);
    return this.#outcomes;
  }

  /**
   * Stores the records of `held`, one bit for each of an entity's records, as far as the entity takes them; under a key, if
   * one is given. Nothing, when they are more than the tenant may have.
   */
  async hold(held: readonly number[], idempotencyKey?: string): Promise<void> {
    const store = async (tx: Source): Promise<string> => {
      for (const [entity, bits] of held.entries()) {
        const repository = this.#repositories.repository(tx, entity);
        const records = (this.#script.records[entity] ?? []).filter((_, index) => (bits >> index) & 1);
        const all = await outcomeOf("putMany", () => repository.putMany(records));
        if (!("error" in all)) continue;
        // One of them is refused, and with it all.
        for (const record of records) await repository.put(record).catch(assertRefusal);
      }
      return "the first holder's result";
    };
    await this.#tenant.transact(store, { idempotencyKey }).catch((error: unknown) => {
      if (!isTenantryError(error, "QUOTA_EXCEEDED")) throw error;
    });
  }

  /** Stores all records and deletes them, as far as it may: what is kept of entities without any stays. */
  async comeAndGo(): Promise<void> {
    await this.hold(this.#entities.map(() => -1));
    await this.#deleteWhere(true, undefined);
  }

  /** Takes in members and signs them in, as other tenants do; their tokens. */
  settle(): Promise<readonly string[]> {
    return this.#identity.settle();
  }

  /** Claims, takes and holds what plans bound, as other tenants do. */
  settleQuotas(names: QuotaNames): Promise<void> {
    return this.#quotas.settle(names);
  }

  /** Gives back the connections it has. */
  leave(): Promise<void> {
    return this.#quotas.leave();
  }

  /** All it holds, as lines. */
  exported(): Promise<readonly string[]> {
    return this.#handle.exported();
  }

  /** Works through all it holds, under a name that others use as well: how far it came is kept. */
  workThrough(work: string): Promise<void> {
    return this.#deleteWhere(false, work);
  }

  /** Reads all it holds, by every index: what a cache would keep of it is kept. */
  async readAll(): Promise<readonly unknown[]> {
    const all: unknown[] = [];
    for (const [entity, { indexes }] of this.#entities.entries()) {
      for (const index of [undefined, ...Object.keys(indexes)]) {
        all.push(await this.#repositories.repository(this.#tenant, entity).list({ index }));
      }
    }
    return all;
  }

  /** Cursors of the first page of every entity and index. */
  async leaf(): Promise<readonly Leaf[]> {
    return this.#tenant.read(async (tx) => {
      const leaves: Leaf[] = [];
      for (const [entity, { indexes }] of this.#entities.entries()) {
        for (const index of [undefined, ...Object.keys(indexes)]) {
          const { next } = await this.#repositories.repository(tx, entity).page({ index, size: 1 });
          if (next !== undefined) leaves.push({ entity, index, cursor: next });
        }
      }
      return leaves;
    });
  }

  /** What comes of a cursor given back, with its own query or another. */
  async open({ entity, index, cursor }: Leaf, principal?: string): Promise<Outcome> {
    const repository = this.#repositories.repository(this.#tenant, entity);
    return outcomeOf("page", () => repository.page({ index, size: 1, cursor, principal }));
  }

  async #deleteWhere(every: boolean, work: string | undefined): Promise<void> {
    for (const entity of this.#entities.keys()) {
      // What goes wrong here, the laws see in what they watch.
      await this.#repositories.long({ do: "deleteWhere", entity, query: wholeRange, every, work }).catch(assertRefusal);
    }
  }

  async #step(step: Step): Promise<void> {
    if (!("steps" in step)) {
      this.#outcomes.push(await outcomeOf(step.do, () => this.#single(step)));
      return;
    }
    let scope: Source | undefined;
    const work = async (tx: Source): Promise<unknown> => {
      scope = tx;
      const outcomes: Outcome[] = [];
      for (const inner of step.steps) outcomes.push(await outcomeOf(inner.do, () => this.#operate(tx, inner)));
      this.#outcomes.push(...outcomes);
      if (step.end === "throw") throw new Error("thrown on purpose");
      return outcomes.length;
    };
    const { idempotencyKey } = step;
    const run = () => (step.do === "read" ? this.#tenant.read(work) : this.#tenant.transact(work, { idempotencyKey }));
    this.#outcomes.push(await outcomeOf(step.do, run));
    const ended = scope;
    const [last] = step.steps;
    if (step.end === "useAfter" && ended !== undefined && last !== undefined) {
      this.#outcomes.push(await outcomeOf(`${last.do} after its end`, () => this.#operate(ended, last)));
    }
  }

  async #operate(scope: Source, step: ScopeStep): Promise<unknown> {
    if ("entity" in step) return this.#repositories.operate(scope, step);
    // A scope that only reads has no claims.
    return scope.claims && performClaim(scope.claims, step);
  }

  #single(step: SingleStep): Promise<unknown> {
    if (isOfHandle(step)) return this.#handle.perform(step);
    if (isOfQuotas(step)) return this.#quotas.perform(step);
    if (!("entity" in step)) return this.#identity.perform(step);
    return isLong(step) ? this.#repositories.long(step) : this.#repositories.operate(this.#tenant, step);
  }
}

const ofHandle: ReadonlySet<string> = new Set<HandleStep["do"]>(["export", "import", "sweep", "available"]);
const isOfHandle = (step: SingleStep): step is HandleStep => ofHandle.has(step.do);

const ofQuotas: ReadonlySet<string> = new Set<QuotaStep["do"]>([
  "usage",
  "take",
  "connect",
  "disconnect",
  "claim",
  "release",
  "hasClaim",
  "listClaims",
]);
const isOfQuotas = (step: SingleStep): step is QuotaStep => ofQuotas.has(step.do);

const longWork: ReadonlySet<string> = new Set<LongStep["do"]>([
  "watch",
  "scanAll",
  "recount",
  "transform",
  "deleteWhere",
  "forgetWork",
]);
const isLong = (step: RepositoryStep | LongStep): step is LongStep => longWork.has(step.do);

/** A record that the schema takes may still be too large for a key or a value. */
function assertRefusal(error: unknown): void {
  if (!isTenantryError(error)) throw error;
}
