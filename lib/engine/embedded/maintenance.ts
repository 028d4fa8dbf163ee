/** Looking after embedded stores: verifying them, and copying them while they are in use. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, open as openFile, readdir, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { isTenantryError, tenantryError } from "../../errors/index.js";
import { lockTimeoutMs } from "../../limits/index.js";
import type { CompactionReport } from "./compaction/compaction.js";
import { copyEnvironment } from "./lmdb/copy.js";
import type { IntegrityReport } from "./lmdb/integrity.js";
import { dataPath, markMade, prepareDirectory, verifyStore, writably } from "./opening/inspect.js";
import { ProcessLock } from "./opening/process-lock.js";
import { openShared, sharedStore, storeMapBytes } from "./opening/shared-stores.js";

/** Copies tried when another process's opening got in between. */
const copyAttempts = 3;

/** Verifies every page and every row of a store. */
export async function checkStore(path: string): Promise<IntegrityReport> {
  const directory = resolve(path);
  const shared = await sharedStore(directory);
  if (shared !== undefined) return shared.whileKept(() => verifyStore(dataPath(directory), directory, "full", true));
  return exclusively(directory, () => verifyStore(dataPath(directory), directory, "full", false));
}

/** Copies a store, as it is at one moment, while it is in use. */
export async function backupStore(path: string, target: string): Promise<IntegrityReport> {
  const [directory, destination] = [resolve(path), resolve(target)];
  if ((await sharedStore(directory)) !== undefined) return copyVerified(directory, destination);
  try {
    return await exclusively(directory, () => copyVerified(directory, destination), 0);
  } catch (error) {
    if (!isTenantryError(error, "STORE_LOCKED")) throw error;
  }
  // Another process has it: LMDB keeps what is being read here from being written there.
  for (let attempt = 1; ; attempt++) {
    try {
      return await copyVerified(directory, destination);
    } catch (error) {
      if (attempt === copyAttempts || !isTenantryError(error, "STORE_CORRUPT")) throw error;
    }
  }
}

/** Writes a store to a new file, closely packed, which takes the old one's place. */
export async function compactStore(path: string): Promise<CompactionReport> {
  const directory = resolve(path);
  if (!existsSync(dataPath(directory))) throw tenantryError("STORE_UNWRITABLE", { path: directory, reason: "ENOENT" });
  // One that is open stays as durable as it is.
  const durable = (await sharedStore(directory)) === undefined;
  const { store, release } = await openShared({
    directory,
    durable,
    mapBytes: storeMapBytes,
    lockTimeoutMs,
    verification: "quick",
  });
  try {
    return await writably(directory, () => store.compact());
  } finally {
    await release();
  }
}

/** Makes a store from a backup. */
export async function restoreStore(backup: string, path: string): Promise<IntegrityReport> {
  const [source, destination] = [resolve(backup), resolve(path)];
  await verifyStore(dataPath(source), source, "full", false);
  return intoPlace(destination, (draft) => copyFile(dataPath(source), dataPath(draft)));
}

const copyVerified = (directory: string, destination: string): Promise<IntegrityReport> =>
  intoPlace(destination, (draft) => copyEnvironment(directory, draft));

async function exclusively<T>(directory: string, act: () => Promise<T>, timeoutMs = lockTimeoutMs): Promise<T> {
  const lock = await writably(directory, () => ProcessLock.acquire(directory, timeoutMs));
  try {
    return await act();
  } finally {
    lock.release();
  }
}

/** Makes a store in a draft directory, verifies and flushes it, and only then gives it its name. */
async function intoPlace(destination: string, make: (draft: string) => Promise<void>): Promise<IntegrityReport> {
  const there = await readdir(destination).catch(() => []);
  if (there.length > 0) throw tenantryError("STORE_EXISTS", { path: destination });
  const draft = `${destination}.${randomUUID()}`;
  try {
    prepareDirectory(draft);
    await make(draft);
    const report = await verifyStore(dataPath(draft), draft, "full", true);
    const file = await openFile(dataPath(draft), "r+");
    await file.sync().finally(() => file.close());
    await rm(join(draft, "lock.mdb"), { force: true });
    markMade(draft);
    await mkdir(destination, { recursive: true });
    await rename(draft, destination);
    return report;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
