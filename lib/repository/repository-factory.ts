/** What makes repositories: inside a transaction, by the scopes users work with, and outside of one. */
import { tenantryError } from "../errors/index.js";
import { type AnyEntity, modelOf } from "../schema/index.js";
import type { ReadTransaction, TenantTransaction } from "../transaction/index.js";
import type { CursorSeal } from "./cursor.js";
import type { RepositoryOptions } from "./interface/options.js";
import type { ReadRepository } from "./interface/read-repository.js";
import type { ReadScope, TransactionScope } from "./interface/scope.js";
import type { TenantRepository } from "./interface/tenant-repository.js";
import { RecordReader } from "./record-reader.js";
import { RecordTable } from "./record-table.js";
import { JoinedReader, JoinedWriter, type TenantReader, type TenantWriter } from "./tenant-reader.js";
import { RecordWriter } from "./write/record-writer.js";

/** What all repositories of a database share; it holds no tenant. */
export class RepositoryFactory {
  readonly #entities: ReadonlySet<AnyEntity>;
  readonly #seal: CursorSeal;
  readonly #tenantPrefixBytes: number;

  constructor(entities: ReadonlySet<AnyEntity>, seal: CursorSeal, tenantPrefixBytes: number) {
    this.#entities = entities;
    this.#seal = seal;
    this.#tenantPrefixBytes = tenantPrefixBytes;
  }

  reader<E extends AnyEntity>(entity: E, tenant: TenantReader, options?: RepositoryOptions): ReadRepository<E> {
    return new RecordReader(this.#table(entity, options), tenant, this.#seal);
  }

  writer<E extends AnyEntity>(entity: E, tenant: TenantWriter, options?: RepositoryOptions): TenantRepository<E> {
    return new RecordWriter(this.#table(entity, options), tenant, this.#seal);
  }

  readScope(transaction: ReadTransaction): ReadScope {
    const reader = new JoinedReader(transaction);
    return { repository: (entity, options) => this.reader(entity, reader, options) };
  }

  transactionScope(transaction: TenantTransaction): TransactionScope {
    const writer = new JoinedWriter(transaction);
    return {
      repository: (entity, options) => this.writer(entity, writer, options),
      afterCommit: (fn) => transaction.afterCommit(fn),
    };
  }

  #table<E extends AnyEntity>(entity: E, options: RepositoryOptions = {}): RecordTable<E> {
    if (!this.#entities.has(entity)) throw tenantryError("ENTITY_UNKNOWN", { entity: entity.name });
    return new RecordTable(modelOf(entity), this.#tenantPrefixBytes, options.verifyOnRead === true);
  }
}
