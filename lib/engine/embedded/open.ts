/** Opens the embedded engine on a directory or on a temporary store. */
import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { EmbeddedOptions, MemoryOptions } from "../descriptor.js";
import type { Engine } from "../engine.js";
import { EmbeddedEngine } from "./engine.js";
import { LmdbStore } from "./lmdb-store.js";

const embeddedMapBytes = 2 ** 40;
const memoryMapBytes = 2 ** 36;
const memoryRoomBytesMin = 2 ** 30;

export async function openEmbedded(options: EmbeddedOptions): Promise<Engine> {
  const durable = (options.durability ?? "durable") === "durable";
  const directory = resolve(options.path);
  const store = await LmdbStore.open({ directory, durable, mapBytes: options.mapBytes ?? embeddedMapBytes });
  return new EmbeddedEngine("embedded", durable, store, () => store.close());
}

export async function openMemory(options: MemoryOptions): Promise<Engine> {
  const directory = mkdtempSync(join(temporaryRoot(), "tenantry-"));
  const store = await LmdbStore.open({ directory, durable: false, mapBytes: options.mapBytes ?? memoryMapBytes });
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  process.once("exit", remove);
  return new EmbeddedEngine("memory", false, store, async () => {
    await store.close();
    process.removeListener("exit", remove);
    remove();
  });
}

/** Shared memory where it has room (containers often give it 64 MiB), the system's temporary directory otherwise. */
function temporaryRoot(): string {
  try {
    const { bavail, bsize } = statfsSync("/dev/shm");
    if (bavail * bsize >= memoryRoomBytesMin) return "/dev/shm";
  } catch {
    // There is none: not Linux.
  }
  return tmpdir();
}
