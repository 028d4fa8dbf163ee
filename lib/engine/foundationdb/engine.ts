/** The engine on FoundationDB: opens the cluster, begins transactions, and closes without leaving anything behind. */
import type { NativeDatabase, NativeModule } from "foundationdb/dist/lib/native.js";
import { markOwn, tenantryError } from "../../errors/index.js";
import { foundationdbConnectTimeoutMs, foundationdbKeyBytesMax } from "../../limits/index.js";
import { Roster } from "../../roster/index.js";
import type { Engine, EngineCapabilities, EngineTransaction, Watch } from "../engine.js";
import type { FoundationDbOptions } from "../foundationdb-options.js";
import { apiVersionMax, startClient } from "./client.js";
import { checkClusterFile, connect, createDatabase } from "./connection.js";
import { toEngineError } from "./errors.js";
import { loadNativeModule } from "./native-module.js";
import { FoundationDbTransaction, type TransactionHost } from "./transaction.js";

const tagsMax = 5;
const tagBytesMax = 16;

// How long what was cancelled may take to say so before the database is let go all the same.
const settleMs = 1_000;

/**
 * Opens a FoundationDB cluster and waits until it answers.
 *
 * Throws `FOUNDATIONDB_PACKAGE_MISSING`, `…_PACKAGE_UNKNOWN`, `…_CLIENT_MISSING` or `…_BUILD_MISSING` (what to install),
 * `…_API_VERSION_UNSUPPORTED`, `…_API_VERSION_SELECTED` or `…_NETWORK_RUNNING` (what this process chose already),
 * `…_CLUSTER_FILE`, `…_FILE`, `…_OPTION` or `…_UNREACHABLE` (what to check).
 *
 * @param loadNative loads the native module; another one than the package's in specs
 */
export async function openFoundationDb(
  options: FoundationDbOptions = {},
  loadNative: () => Promise<NativeModule> = loadNativeModule,
): Promise<Engine> {
  const { clusterFile, apiVersion = apiVersionMax, connectTimeoutMs = foundationdbConnectTimeoutMs } = options;
  const tags = checkTags(options.tags ?? []);
  if (!(connectTimeoutMs > 0 && connectTimeoutMs < 2 ** 31 - 1_001)) {
    throw tenantryError("FOUNDATIONDB_OPTION", { option: "connectTimeoutMs", reason: "not a positive number of ms" });
  }
  checkClusterFile(clusterFile);
  const native = await loadNative();
  startClient(native, apiVersion, options.network ?? {});
  const database = createDatabase(native, clusterFile, options.database ?? {});
  try {
    await connect(database, clusterFile, connectTimeoutMs);
  } catch (error) {
    database.close();
    throw error;
  }
  return new FoundationDbEngine(database, tags);
}

function checkTags(tags: readonly string[]): readonly string[] {
  const fits = tags.length <= tagsMax && tags.every((tag) => Buffer.byteLength(tag) <= tagBytesMax);
  if (!fits) throw tenantryError("FOUNDATIONDB_OPTION", { option: "tags", reason: "more than 5, or over 16 bytes" });
  return [...tags];
}

class FoundationDbEngine implements Engine, TransactionHost {
  readonly name = "foundationdb";
  readonly capabilities: EngineCapabilities = {
    durable: true,
    multiProcess: true,
    keyBytesMax: foundationdbKeyBytesMax,
  };
  readonly tags: readonly string[];
  readonly busy = new Roster<FoundationDbTransaction>();
  readonly commits = new Set<Promise<void>>();
  readonly watches = new Set<Watch>();
  readonly #database: NativeDatabase;
  #closing: Promise<void> | undefined;

  constructor(database: NativeDatabase, tags: readonly string[]) {
    this.#database = database;
    this.tags = tags;
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  begin(): EngineTransaction {
    if (this.closed) throw tenantryError("ENGINE_CLOSED", { engine: this.name });
    try {
      return new FoundationDbTransaction(this.#database.createTransaction(), this);
    } catch (error) {
      throw toEngineError(error);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  // The binding holds the process while any of its futures is outstanding, and its finaliser frees a pending watch as
  // if it were a transaction: so all are cancelled and have settled before the database goes.
  async #close(): Promise<void> {
    await Promise.allSettled(this.commits);
    for (const transaction of this.busy.all()) transaction.cancel();
    for (const watch of this.watches) watch.cancel();
    const deadline = Date.now() + settleMs;
    while (this.busy.size + this.watches.size > 0 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    this.#database.close();
  }

  static {
    markOwn(FoundationDbEngine.prototype);
  }
}
