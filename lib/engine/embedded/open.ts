/** Opens the embedded engine on a directory or on a temporary store. */
import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { tenantryError } from "../../errors/index.js";
import { lockTimeoutMs } from "../../limits/index.js";
import type { EmbeddedOptions, MemoryOptions } from "../descriptor.js";
import type { Engine } from "../engine.js";
import { EmbeddedEngine } from "./engine.js";
import { LmdbStore } from "./lmdb-store.js";
import { openShared, storeMapBytes } from "./opening/shared-stores.js";

/** As `storeMapBytes`, of a store in memory. */
const memoryMapBytes = 2 ** 36;
const mapBytesMin = 2 ** 20;

/** Room shared memory must have to hold temporary stores: containers often give it 64 MiB. */
const sharedMemoryBytesMin = 2 ** 30;

/** Opens the durable engine in a directory. */
export async function openEmbedded(options: EmbeddedOptions): Promise<Engine> {
  const { path, durability = "durable", lockTimeout = lockTimeoutMs, mapBytes = storeMapBytes } = options;
  if (typeof path !== "string" || path === "") throw option("path", "a directory is needed");
  if (durability !== "durable" && durability !== "relaxed") throw option("durability", "neither durable nor relaxed");
  if (!(lockTimeout >= 0)) throw option("lockTimeout", "not a number of milliseconds");
  const { store, durable, release } = await openShared({
    directory: resolve(path),
    durable: durability === "durable",
    mapBytes: checkMapBytes(mapBytes),
    lockTimeoutMs: lockTimeout,
    verification: options.verify ?? "auto",
  });
  return new EmbeddedEngine("embedded", durable, store, release);
}

/** Opens the same engine on a store that nobody else sees and that is gone once closed. */
export async function openMemory({ mapBytes = memoryMapBytes }: MemoryOptions): Promise<Engine> {
  const directory = mkdtempSync(join(temporaryRoot(), "tenantry-"));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  // LMDB keeps its files open: without their names they go with the process, however it ends.
  const unlinked = process.platform !== "win32";
  if (!unlinked) process.once("exit", remove);
  try {
    const settings = { directory, flush: "never" as const, mapBytes: checkMapBytes(mapBytes), held: () => true };
    const store = await LmdbStore.open(settings);
    if (unlinked) remove();
    return new EmbeddedEngine("memory", false, store, async () => {
      await store.close();
      process.removeListener("exit", remove);
      remove();
    });
  } catch (error) {
    remove();
    throw error;
  }
}

const option = (name: string, reason: string): Error => tenantryError("STORE_OPTION", { option: name, reason });

function checkMapBytes(mapBytes: number): number {
  if (Number.isSafeInteger(mapBytes) && mapBytes >= mapBytesMin) return mapBytes;
  throw option("mapBytes", "not a whole number of bytes, a megabyte at least");
}

/** Shared memory where it has room, the system's temporary directory otherwise. */
function temporaryRoot(): string {
  try {
    const { bavail, bsize } = statfsSync("/dev/shm");
    if (bavail * bsize >= sharedMemoryBytesMin) return "/dev/shm";
  } catch {
    // There is none: not Linux.
  }
  return tmpdir();
}
