/** The part of the actor that uses repositories, and keeps the cursors it is given. */
import { type AnyEntity, type EntityModel, modelOf } from "../../../schema/index.js";
import type { Tenant } from "../../../tenant-handle.js";
import type { CursorPick, IdPick, LongStep, QueryPick, RepositoryStep, Script } from "../../generate/script.js";
import type { AnyRepository, Source } from "./any-repository.js";
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

export class RepositoryActor {
  readonly #tenant: Tenant;
  readonly #entities: readonly AnyEntity[];
  readonly #script: Script;
  readonly #othersCursors: readonly string[];
  readonly #cursors: string[] = [];

  /** @param othersCursors Cursors of another tenant, to be tried. */
  constructor(tenant: Tenant, entities: readonly AnyEntity[], script: Script, othersCursors: readonly string[]) {
    this.#tenant = tenant;
    this.#entities = entities;
    this.#script = script;
    this.#othersCursors = othersCursors;
  }

  /** Performs an operation, alone or in the scope of a transaction. */
  async operate(source: Source, step: RepositoryStep): Promise<unknown> {
    const repository = this.repository(source, step.entity);
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

  /** Performs what goes beyond one transaction. */
  async long(step: LongStep): Promise<unknown> {
    const repository = this.repository(this.#tenant, step.entity);
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

  repository(source: Source, entity: number): AnyRepository {
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
