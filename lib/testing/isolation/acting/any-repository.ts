/** Repositories without their types: the laws also give them what does not compile. */
import type { Claims } from "../../../quota/index.js";
import type { AnyEntity } from "../../../schema/index.js";

/** Where claims come from: a tenant's quotas, or the scope of a transaction. */
export type ClaimsOf = (resource: string) => Claims;

type Options = { readonly ifRevision?: number | undefined };
type WorkName = { readonly name?: string | undefined };

/** A repository without its types: laws also give it what does not compile. */
export interface AnyRepository {
  get(id: unknown): Promise<unknown>;
  require(id: unknown): Promise<unknown>;
  entry(id: unknown): Promise<unknown>;
  has(id: unknown): Promise<unknown>;
  counters(id: unknown): Promise<unknown>;
  add(id: unknown, amounts: unknown): Promise<unknown>;
  delete(id: unknown): Promise<unknown>;
  getMany(ids: unknown): Promise<unknown>;
  deleteMany(ids: unknown): Promise<unknown>;
  create(input: unknown): Promise<unknown>;
  put(input: unknown): Promise<unknown>;
  createMany(inputs: unknown): Promise<unknown>;
  putMany(inputs: unknown): Promise<unknown>;
  update(id: unknown, fn: (record: object) => unknown, options: Options): Promise<unknown>;
  patch(id: unknown, changes: unknown, options: Options): Promise<unknown>;
  list(query: unknown): Promise<unknown>;
  scan(query: unknown): AsyncIterable<unknown> & { batches(): AsyncIterable<readonly unknown[]> };
  count(query: unknown): Promise<unknown>;
  first(query: unknown): Promise<unknown>;
  explain(query: unknown): unknown;
  page(query: unknown): Promise<{ items: unknown; next: string | undefined; previous: string | undefined }>;
  aggregate(name: string, query: unknown): Promise<unknown>;
  groups(name: string, query: unknown): Promise<unknown>;
  recount(): Promise<unknown>;
  verify(): Promise<unknown>;
  scanAll(query: unknown): AsyncIterable<unknown>;
  transform(query: unknown, fn: (record: object) => unknown, options: WorkName): Promise<unknown>;
  deleteWhere(query: unknown, predicate: (record: object) => boolean, options: WorkName): Promise<unknown>;
  watch(id: unknown): AsyncIterable<unknown>;
  forgetWork(name: string): Promise<unknown>;
}

/** Where repositories come from: a tenant, or the scope of a transaction. */
export interface Source {
  repository(entity: AnyEntity): unknown;
  /** A scope's that writes. */
  readonly claims?: ClaimsOf;
}
