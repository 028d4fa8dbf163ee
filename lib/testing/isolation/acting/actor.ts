/** The actor: performs a script's steps through the public interface of one tenant. */
import { isTenantryError } from "../../../errors/index.js";
import { type AnyEntity, type EntityModel, modelOf } from "../../../schema/index.js";
import type { Tenant } from "../../../tenant-handle.js";
import type { HandleStep } from "../../generate/handle-step.js";
import type { IdentityStep } from "../../generate/identity-step.js";
import {
  type CursorPick,
  type IdPick,
  type LongStep,
  type QueryPick,
  type RepositoryStep,
  type Script,
  type Step,
  wholeRange,
} from "../../generate/script.js";
import { type Outcome, outcomeOf } from "../outcome.js";
import type { AnyRepository, Source } from "./any-repository.js";
import { HandleActor } from "./handle-actor.js";
import { IdentityActor } from "./identity-actor.js";
import { type AnyQuery, aggregateQueryOf, queryOf } from "./query-of.js";
import { tampered } from "./tampered.js";

/** A page's cursors are never the same twice; that there are any is. */
const withoutSeals = (cursor: string | undefined): string | undefined => (cursor === undefined ? undefined : "sealed");

async function collected(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function firstOf(items: AsyncIterable<unknown>): Promise<unknown> {
  for await (const item of items) return item;
  return undefined;
}

/** A cursor, and the query it is of. */
export interface Leaf {
  readonly entity: number;
  readonly index: string | undefined;
  readonly cursor: string;
}

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
  readonly #othersCursors: readonly string[];
  readonly #identity: IdentityActor;
  readonly #handle: HandleActor;
  readonly #cursors: string[] = [];
  readonly #outcomes: Outcome[] = [];

  constructor(tenant: Tenant, entities: readonly AnyEntity[], script: Script, stolen: Stolen) {
    this.#tenant = tenant;
    this.#entities = entities;
    this.#script = script;
    this.#othersCursors = stolen.cursors ?? [];
    this.#identity = new IdentityActor(tenant, stolen.tokens ?? []);
    this.#handle = new HandleActor(tenant, stolen.exported ?? []);
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

  /** Stores the records of `held`, one bit for each of an entity's records, as far as the entity takes them; under a key, if one is given. */
  async hold(held: readonly number[], idempotencyKey?: string): Promise<void> {
    const store = async (tx: Source): Promise<string> => {
      for (const [entity, bits] of held.entries()) {
        const repository = this.#repository(tx, entity);
        const records = (this.#script.records[entity] ?? []).filter((_, index) => (bits >> index) & 1);
        const all = await outcomeOf("putMany", () => repository.putMany(records));
        if (!("error" in all)) continue;
        // One of them is refused, and with it all.
        for (const record of records) await repository.put(record).catch(assertRefusal);
      }
      return "the first holder's result";
    };
    await this.#tenant.transact(store, { idempotencyKey });
  }

  /** Takes in members and signs them in, as other tenants do; their tokens. */
  settle(): Promise<readonly string[]> {
    return this.#identity.settle();
  }

  /** All it holds, as lines. */
  exported(): Promise<readonly string[]> {
    return this.#handle.exported();
  }

  /** Works through all it holds, under a name that others use as well: how far it came is kept. */
  async workThrough(work: string): Promise<void> {
    for (const entity of this.#entities.keys()) {
      // What goes wrong here, the laws see in what they watch.
      await this.#long({ do: "deleteWhere", entity, query: wholeRange, every: false, work }).catch(assertRefusal);
    }
  }

  /** Reads all it holds, by every index: what a cache would keep of it is kept. */
  async readAll(): Promise<void> {
    for (const [entity, { indexes }] of this.#entities.entries()) {
      for (const index of [undefined, ...Object.keys(indexes)]) {
        await this.#repository(this.#tenant, entity).list({ index });
      }
    }
  }

  /** Cursors of the first page of every entity and index. */
  async leaf(): Promise<readonly Leaf[]> {
    return this.#tenant.read(async (tx) => {
      const leaves: Leaf[] = [];
      for (const [entity, { indexes }] of this.#entities.entries()) {
        for (const index of [undefined, ...Object.keys(indexes)]) {
          const { next } = await this.#repository(tx, entity).page({ index, size: 1 });
          if (next !== undefined) leaves.push({ entity, index, cursor: next });
        }
      }
      return leaves;
    });
  }

  /** What comes of a cursor given back, with its own query or another. */
  async open({ entity, index, cursor }: Leaf, principal?: string): Promise<Outcome> {
    const repository = this.#repository(this.#tenant, entity);
    return outcomeOf("page", () => repository.page({ index, size: 1, cursor, principal }));
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

  #single(step: RepositoryStep | LongStep | IdentityStep | HandleStep): Promise<unknown> {
    if (!("entity" in step)) return isOfHandle(step) ? this.#handle.perform(step) : this.#identity.perform(step);
    return isLong(step) ? this.#long(step) : this.#operate(this.#tenant, step);
  }

  async #operate(source: Source, step: RepositoryStep): Promise<unknown> {
    const repository = this.#repository(source, step.entity);
    switch (step.do) {
      case "get":
      case "require":
      case "entry":
      case "has":
      case "counters":
      case "delete":
        return repository[step.do](this.#id(step.entity, step.id));
      case "add":
        return repository.add(this.#id(step.entity, step.id), this.#amounts(step.entity, step.amount));
      case "getMany":
      case "deleteMany":
        return repository[step.do](step.ids.map((id) => this.#id(step.entity, id)));
      case "create":
      case "put":
        return repository[step.do](this.#record(step.entity, step.record));
      case "createMany":
      case "putMany":
        return repository[step.do](step.records.map((record) => this.#record(step.entity, record)));
      case "update": {
        const { ifRevision } = step;
        return repository.update(this.#id(step.entity, step.id), this.#changed(step), { ifRevision });
      }
      case "patch": {
        const { ifRevision } = step;
        const fields = this.#fields(step.entity, this.#record(step.entity, step.record));
        return repository.patch(this.#id(step.entity, step.id), fields, { ifRevision });
      }
      case "list":
      case "count":
      case "first":
      case "explain":
        return repository[step.do](this.#query(step.entity, step.query));
      case "scan":
        return collected(repository.scan(this.#query(step.entity, step.query)));
      case "batches":
        return collected(repository.scan(this.#query(step.entity, step.query)).batches());
      case "page": {
        const { limit: _, ...query } = this.#query(step.entity, step.query);
        const { size, principal } = step;
        return this.#page(repository, { ...query, size, principal, cursor: this.#cursor(step.cursor) }).then(
          (page) => ({
            ...page,
            next: withoutSeals(page.next),
            previous: withoutSeals(page.previous),
          }),
        );
      }
      case "aggregate":
      case "groups": {
        const { name, query } = aggregateQueryOf(this.#entity(step.entity), step.query, (record) =>
          this.#parsed(step.entity, record),
        );
        return repository[step.do](name, query);
      }
      case "verify":
        return repository.verify();
    }
  }

  async #long(step: LongStep): Promise<unknown> {
    const repository = this.#repository(this.#tenant, step.entity);
    if (step.do === "forgetWork") return repository.forgetWork(step.work);
    if (step.do === "recount") return repository.recount();
    if (step.do === "watch") return firstOf(repository.watch(this.#id(step.entity, step.id)));
    const query = this.#query(step.entity, step.query);
    if (step.do === "scanAll") return collected(repository.scanAll(query));
    // Long work takes whole ranges and whole records.
    const { limit: _limit, select: _select, ...range } = query;
    const options = { name: step.work };
    if (step.do === "transform") return repository.transform(range, this.#changed(step), options);
    return repository.deleteWhere(range, () => step.every, options);
  }

  /** The same amount for each counter of an entity's records. */
  #amounts(entity: number, amount: number): object {
    const declared = Object.entries(this.#entity(entity).aggregates);
    return Object.fromEntries(declared.flatMap(([name, { counter }]) => (counter === true ? [[name, amount]] : [])));
  }

  /** A record's fields without its id. */
  #fields(entity: number, record: unknown): object {
    const ids = new Set(this.#entity(entity).id);
    return Object.fromEntries(Object.entries(Object(record)).filter(([name]) => !ids.has(name)));
  }

  /** Makes a record like another of its entity, but for its id. */
  #changed({ entity, record }: { readonly entity: number; readonly record: number }): (was: object) => object {
    const fields = this.#fields(entity, this.#parsed(entity, record));
    return (was) => ({ ...was, ...fields });
  }

  async #page(repository: AnyRepository, query: object): ReturnType<AnyRepository["page"]> {
    const page = await repository.page(query);
    for (const cursor of [page.next, page.previous]) if (cursor !== undefined) this.#cursors.push(cursor);
    return page;
  }

  #repository(source: Source, entity: number): AnyRepository {
    // What the types forbid is what has to be tried.
    return source.repository(this.#entity(entity)) as AnyRepository;
  }

  #entity(entity: number): AnyEntity {
    const found = this.#entities[entity % this.#entities.length];
    if (found === undefined) throw new RangeError("laws need an entity");
    return found;
  }

  #model(entity: number): EntityModel<AnyEntity> {
    return modelOf(this.#entity(entity));
  }

  #record(entity: number, record: number): unknown {
    const records = this.#script.records[entity] ?? [];
    return records[record % Math.max(1, records.length)];
  }

  #parsed(entity: number, record: number): unknown {
    return this.#model(entity).parse(this.#record(entity, record));
  }

  #id(entity: number, pick: IdPick): unknown {
    if ("value" in pick) return pick.value;
    const model = this.#model(entity);
    return model.idOf(model.parse(this.#record(entity, pick.record)));
  }

  #query(entity: number, pick: QueryPick): AnyQuery {
    return queryOf(this.#entity(entity), pick, (record) => this.#parsed(entity, record));
  }

  #cursor(pick: CursorPick): string | undefined {
    const at = (cursors: readonly string[], n: number): string | undefined => cursors[n % Math.max(1, cursors.length)];
    switch (pick.of) {
      case "none":
        return undefined;
      case "own":
        return at(this.#cursors, pick.at);
      case "other":
        return at(this.#othersCursors, pick.at);
      case "tampered": {
        const cursor = at([...this.#cursors, ...this.#othersCursors], pick.at);
        return cursor === undefined ? undefined : tampered(cursor, pick.place);
      }
      case "forged":
        return pick.text;
    }
  }
}

const ofHandle: ReadonlySet<string> = new Set<HandleStep["do"]>(["export", "import", "sweep", "available"]);
const isOfHandle = (step: IdentityStep | HandleStep): step is HandleStep => ofHandle.has(step.do);

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
