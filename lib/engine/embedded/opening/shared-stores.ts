/** The stores this process has open: opening one again gives the same, and the last to close it closes it. */
import { existsSync, realpathSync } from "node:fs";
import { tenantryError } from "../../../errors/index.js";
import { removeDraft } from "../compaction/draft.js";
import { LmdbStore } from "../lmdb-store.js";
import { inspectStore, markMade, prepareDirectory, type Verification, writably } from "./inspect.js";
import { ProcessLock } from "./process-lock.js";

/** Address space of a store when nothing is said: far more than a disk, far less than a process has. */
export const storeMapBytes = 2 ** 40;

export interface StoreSettings {
  readonly directory: string;
  readonly durable: boolean;
  readonly mapBytes: number;
  readonly lockTimeoutMs: number;
  readonly verification: Verification;
}

/** One use of a store. */
export interface StoreUse {
  readonly store: LmdbStore;
  readonly durable: boolean;
  /** Ends this use; the store closes with its last. */
  release(): Promise<void>;
}

interface OpenStore {
  readonly store: LmdbStore;
  readonly durable: boolean;
  readonly lock: ProcessLock;
}

interface SharedStore {
  readonly opening: Promise<OpenStore>;
  uses: number;
  closing: Promise<void> | undefined;
}

/** By the directory's real path. */
const shared = new Map<string, SharedStore>();

/** Opens the store of a directory, or joins those of this process that have it open. */
export async function openShared(settings: StoreSettings): Promise<StoreUse> {
  prepareDirectory(settings.directory);
  const path = realpathSync(settings.directory);
  for (;;) {
    const entry = shared.get(path);
    if (entry?.closing === undefined) return join(path, settings);
    await entry.closing;
  }
}

async function join(path: string, settings: StoreSettings): Promise<StoreUse> {
  const known = shared.get(path);
  const entry: SharedStore = known ?? { opening: openOnce(path, settings), uses: 0, closing: undefined };
  shared.set(path, entry);
  entry.uses += 1;
  try {
    const { store, durable } = await entry.opening;
    if (settings.durable && !durable) {
      throw tenantryError("STORE_OPTION", {
        option: "durability",
        reason: "the store is open with relaxed durability",
      });
    }
    return { store, durable, release: () => leave(path, entry) };
  } catch (error) {
    await leave(path, entry);
    throw error;
  }
}

async function leave(path: string, entry: SharedStore): Promise<void> {
  entry.uses -= 1;
  if (entry.uses > 0) return entry.opening.then(({ store }) => store.settled());
  entry.closing ??= entry.opening
    .then(
      async ({ store, lock }) => {
        try {
          await store.close();
        } finally {
          lock.release();
        }
      },
      () => {},
    )
    .finally(() => shared.delete(path));
  return entry.closing;
}

async function openOnce(path: string, settings: StoreSettings): Promise<OpenStore> {
  const { durable, mapBytes, lockTimeoutMs, verification } = settings;
  const lock = await writably(path, () => ProcessLock.acquire(path, lockTimeoutMs));
  try {
    removeDraft(path);
    await inspectStore(path, verification);
    const flush = durable ? "commit" : "close";
    const held = (): boolean => lock.held;
    const store = await writably(path, () => LmdbStore.open({ directory: path, flush, mapBytes, held }));
    markMade(path);
    return { store, durable, lock };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The open store of a directory, if this process has it. */
export async function sharedStore(directory: string): Promise<LmdbStore | undefined> {
  const entry = existsSync(directory) ? shared.get(realpathSync(directory)) : undefined;
  return entry === undefined || entry.closing !== undefined ? undefined : (await entry.opening).store;
}
