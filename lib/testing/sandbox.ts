/** Sandboxes: a fresh tenant for each test, on an engine that the tests of a file share. */
import type { Database } from "../database.js";
import { type Engine, type EngineDescriptor, memory, openEngine } from "../engine/index.js";
import { Keyspace, metadataVersionKey } from "../keyspace/index.js";
import { open } from "../open.js";
import { type OpenOptions, openParts } from "../open-options.js";
import { optionNames, takeOptions } from "../options/index.js";
import type { TenantId } from "../tenant/index.js";
import type { Tenant } from "../tenant-handle.js";
import { type HookFunction, hookFunction } from "./test-runner.js";

/**
 * What a sandbox is made of: the options of `open`, each optional but the entities.
 *
 * @example
 * ```ts
 * import { afterAll } from "vitest";
 * import { sandbox, type SandboxOptions } from "tenantry/testing";
 * const options: SandboxOptions = { entities: [], afterEach: false, afterAll }; // one tenant may live for a whole file
 * const box = sandbox(options);
 * ```
 */
export interface SandboxOptions extends Omit<OpenOptions, "engine"> {
  /** `memory()` by default: every worker of a test runner has its own. */
  readonly engine?: EngineDescriptor | Engine | undefined;
  /** Registers what runs after each test; the test runner's global one by default, `false` to call `clean` yourself. */
  readonly afterEach?: HookFunction | false | undefined;
  /** Registers what runs after all tests; the global one by default, `false` to call `close` yourself. */
  readonly afterAll?: HookFunction | false | undefined;
}

/**
 * Tenants for tests.
 *
 * @example
 * ```ts
 * import { type Sandbox, sandbox } from "tenantry/testing";
 * await using box: Sandbox = sandbox({ entities: [], afterEach: false, afterAll: false });
 * const tenant = await box.tenant();
 * const db = await box.database();
 * console.log((await db.tenants.get(tenant.id))?.state); // active
 * ```
 */
export interface Sandbox extends AsyncDisposable {
  /** A new tenant, with a random id and nothing in it. The engine is opened with the first. */
  tenant(): Promise<Tenant>;
  /** The database the tenants are in. */
  database(): Promise<Database>;
  /** Removes every tenant given out, and all they hold. */
  clean(): Promise<void>;
  /** Cleans, and closes what was opened. */
  close(): Promise<void>;
}

const sandboxNames = optionNames<SandboxOptions>({ ...openParts, afterEach: true, afterAll: true });

/** The name of all tenants of sandboxes. */
const name = "sandbox";

class TenantSandbox implements Sandbox {
  readonly #options: SandboxOptions;
  readonly #given = new Set<TenantId>();
  #opened: Promise<{ readonly engine: Engine; readonly db: Database }> | undefined;

  constructor(options: SandboxOptions) {
    this.#options = options;
  }

  async tenant(): Promise<Tenant> {
    const db = await this.database();
    const { id } = await db.tenants.provision({ name });
    this.#given.add(id);
    return db.tenant(id);
  }

  async database(): Promise<Database> {
    this.#opened ??= this.#open();
    return (await this.#opened).db;
  }

  async clean(): Promise<void> {
    if (this.#opened === undefined) return;
    const { engine } = await this.#opened;
    const ids = [...this.#given];
    if (ids.length > 0) await removeTenants(engine, new Keyspace(this.#options.root), ids);
    for (const id of ids) this.#given.delete(id);
  }

  async close(): Promise<void> {
    await this.clean();
    const opened = this.#opened;
    this.#opened = undefined;
    if (opened === undefined) return;
    const { engine, db } = await opened;
    await db.close();
    if (engine !== this.#options.engine) await engine.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #open(): Promise<{ readonly engine: Engine; readonly db: Database }> {
    const { engine: asked = memory(), afterEach: _each, afterAll: _all, ...options } = this.#options;
    const engine = "begin" in asked ? asked : await openEngine(asked);
    // Definitions of earlier tests may be known there, but none of their records is left.
    return { engine, db: await open({ schemaCheck: "report", ...options, engine }) };
  }
}

/** Removes tenants as if they had never been: their keys, and what the control plane has of them. */
async function removeTenants(engine: Engine, keyspace: Keyspace, ids: readonly TenantId[]): Promise<void> {
  const transaction = engine.begin();
  for (;;) {
    for (const id of ids) {
      for (const { begin, end } of [keyspace.tenant(id), keyspace.control.auditRange(id)]) {
        transaction.clearRange(begin, end);
      }
      transaction.clear(keyspace.control.registryKey(id));
      transaction.clear(keyspace.control.nameKey(name, id));
    }
    // Ten bytes of stamp, and four for their place.
    transaction.atomic("setVersionstampedValue", metadataVersionKey(), new Uint8Array(14));
    try {
      return await transaction.commit();
    } catch (error) {
      await transaction.onError(error);
    }
  }
}

/**
 * Tenants for the tests of one file, on one engine: each call of `tenant()` gives a fresh one, each is removed after the
 * test it was made in. With the globals of Vitest or Jest that needs no more than this line; otherwise give `afterEach`
 * and `afterAll`, of `node:test` `afterEach` and `after`.
 *
 * @throws `TEST_RUNNER_MISSING` when a hook is neither given nor among the globals.
 *
 * @example
 * ```ts
 * import { afterAll, afterEach, expect, test } from "vitest";
 * import { entity } from "tenantry";
 * import { sandbox } from "tenantry/testing";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 *
 * const box = sandbox({ entities: [City], afterEach, afterAll });
 *
 * test("cities are stored", async () => {
 *   const cities = (await box.tenant()).repository(City);
 *   await cities.create({ id: 1, name: "Paris" });
 *   expect(await cities.count()).toBe(1);
 * });
 * ```
 */
export function sandbox(given: SandboxOptions): Sandbox {
  const options = takeOptions(given, sandboxNames, "sandbox");
  const box = new TenantSandbox(options);
  const { afterEach, afterAll } = options;
  if (afterEach !== false) (afterEach ?? hookFunction("afterEach"))(() => box.clean());
  if (afterAll !== false) (afterAll ?? hookFunction("afterAll"))(() => box.close());
  return box;
}
