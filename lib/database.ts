/** The open database: its tenants, the way to each of them, and its end. */
import type { Tenants } from "./lifecycle/index.js";
import type { RepositoryFactory } from "./repository/index.js";
import { parseTenantId, type TenantId } from "./tenant/index.js";
import { Tenant } from "./tenant-handle.js";
import type { CloseOptions, TransactionRunner } from "./transaction/index.js";

/** What `open` puts together. */
export interface DatabaseParts {
  readonly tenants: Tenants;
  readonly runner: TransactionRunner;
  readonly repositories: RepositoryFactory;
  readonly rotateCursorKeys: () => Promise<void>;
  readonly closeEngine: () => Promise<void>;
}

/**
 * An open database, made by {@link open}. It reaches every tenant: keep it to the parts of a program that run the
 * service, and hand on a {@link Tenant}.
 *
 * @example
 * ```ts
 * import { embedded, open } from "tenantry";
 * await using db = await open({ engine: embedded("./data"), entities: [] });
 * const { id } = await db.tenants.provision({ name: "France" });
 * const france = db.tenant(id);
 * ```
 */
export class Database implements AsyncDisposable {
  /** The registry of tenants. */
  readonly tenants: Tenants;
  readonly #parts: DatabaseParts;
  #closed: Promise<void> | undefined;

  /** @internal */
  constructor(parts: DatabaseParts) {
    this.tenants = parts.tenants;
    this.#parts = parts;
  }

  /**
   * The handle of a tenant. No I/O: an id that is not provisioned shows at the first operation.
   *
   * @throws `TENANT_ID_INVALID` for text that is no tenant id.
   */
  tenant(id: TenantId): Tenant {
    return new Tenant(parseTenantId(id), this.#parts.runner, this.#parts.repositories);
  }

  /**
   * Seals page cursors with a new key from now on; those sealed under the last few keys stay good for their day.
   * Does nothing for keys given to `open`.
   */
  rotateCursorKeys(): Promise<void> {
    return this.#parts.rotateCursorKeys();
  }

  /**
   * Refuses new work with `DATABASE_CLOSED`, gives what runs `drainMs` to end, cancels the rest, and closes the
   * engine that `open` opened. Everything acknowledged is stored. May be called again: it is the same closing.
   */
  close(options?: CloseOptions): Promise<void> {
    this.#closed ??= this.#close(options);
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(options: CloseOptions | undefined): Promise<void> {
    try {
      await this.#parts.runner.close(options);
    } finally {
      await this.#parts.closeEngine();
    }
  }
}
