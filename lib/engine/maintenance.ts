/** Looking after embedded stores: verifying, backing up, restoring and compacting. LMDB is loaded only when one is called. */
import type { CompactionReport } from "./embedded/compaction/compaction.js";
import type { IntegrityReport } from "./embedded/lmdb/integrity.js";

/**
 * Verifies every page and every row of a store: its structure, its order, the checksum of each value. A store that
 * this process has open may go on being used meanwhile. Reads the file itself, so damage cannot end the process.
 *
 * Throws `STORE_CORRUPT` or `STORE_FOREIGN`, and `STORE_LOCKED` when another process has it.
 *
 * @example
 * ```ts
 * import { checkStore } from "tenantry/engine";
 * const { rows, bytes } = await checkStore("./data");
 * console.log(`${rows} rows in ${bytes} bytes are as they were written`);
 * ```
 */
export async function checkStore(path: string): Promise<IntegrityReport> {
  return (await import("./embedded/maintenance.js")).checkStore(path);
}

/**
 * Copies a store, as it is at one moment, into a directory that does not exist yet or is empty, while it is in use
 * by this process or another. The copy is a store itself, verified row by row before it takes its name.
 *
 * Throws `STORE_EXISTS` when something is at the target, `STORE_CORRUPT` when the store is damaged.
 *
 * @example
 * ```ts
 * import { backupStore } from "tenantry/engine";
 * await backupStore("./data", `./backups/${new Date().toISOString().slice(0, 10)}`);
 * ```
 */
export async function backupStore(path: string, target: string): Promise<IntegrityReport> {
  return (await import("./embedded/maintenance.js")).backupStore(path, target);
}

/**
 * Makes a store from a backup, in a directory that does not exist yet or is empty. Both the backup and what was made
 * of it are verified row by row.
 *
 * Throws `STORE_EXISTS` when something is at the target, `STORE_CORRUPT` or `STORE_FOREIGN` when the backup is no
 * whole store.
 *
 * @example
 * ```ts
 * import { restoreStore } from "tenantry/engine";
 * await restoreStore("./backups/2026-11-23", "./data");
 * ```
 */
export async function restoreStore(backup: string, path: string): Promise<IntegrityReport> {
  return (await import("./embedded/maintenance.js")).restoreStore(backup, path);
}

/**
 * Gives back to the file system what a store does not use: writes its rows to a new file, closely packed and verified,
 * which then takes the old one's place. A store that this process has open is in use all the while: readers and commits
 * go on, commits with a wait of some milliseconds now and then. The new file needs its room beside the old one. When the
 * process ends before that is done, the store is as it was.
 *
 * Throws `STORE_LOCKED` when another process has it, `STORE_UNWRITABLE` when there is none, `STORE_CORRUPT` when it is
 * damaged, `STORE_DISK_FULL` when the new file has no room, `ENGINE_CLOSED` when the store is closed meanwhile.
 *
 * @example
 * ```ts
 * import { compactStore } from "tenantry/engine";
 * const { bytesBefore, bytesAfter } = await compactStore("./data");
 * console.log(`${bytesBefore - bytesAfter} bytes were given back`);
 * ```
 */
export async function compactStore(path: string): Promise<CompactionReport> {
  return (await import("./embedded/maintenance.js")).compactStore(path);
}
