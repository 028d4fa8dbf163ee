/** Looks at a store's files before LMDB maps them: what is not a whole store of Tenantry never reaches LMDB. */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { tenantryError } from "../../../errors/index.js";
import { verifyOnOpenBytesMax } from "../../../limits/index.js";
import { checksumOfFormat } from "../lmdb/checksum.js";
import { firstRow, type IntegrityReport, verifyFile } from "../lmdb/integrity.js";
import { Damage, type Meta, PageFile, pageBytes } from "../lmdb/page-file.js";
import { isStoreRecordKey } from "../lmdb/row-codec.js";
import { decodeStoreRecord, storeFormat } from "../lmdb/store-record.js";
import { inSlices } from "../slices.js";

/** How much of a store is verified: `"quick"` leaves out its leaf pages, and with them its rows. */
export type Verification = "auto" | "full" | "quick";

export const dataFile = "data.mdb";
/** LMDB's table of readers. */
export const readersFile = "lock.mdb";
/** Says that a store was made here: without its data, something is lost. */
const markerFile = "store";
const markerText = "A store of Tenantry (https://www.npmjs.com/package/tenantry). Its data is in data.mdb.\n";

export const dataPath = (directory: string): string => join(directory, dataFile);

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : String(error);

/** Makes the directory of a store. Throws `STORE_UNWRITABLE`, or `STORE_FOREIGN` when a file is there. */
export function prepareDirectory(path: string): void {
  try {
    makeDirectory(path);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    if (existsSync(path) && !statSync(path).isDirectory()) {
      throw tenantryError(
        "STORE_FOREIGN",
        { path, reason: "a store is a directory, this is a file" },
        { cause: error },
      );
    }
    throw tenantryError("STORE_UNWRITABLE", { path, reason: codeOf(error) }, { cause: error });
  }
}

/** As Node's recursive one, which never returns where a parent that seems to be missing cannot be made (as in /proc). */
function makeDirectory(path: string): void {
  const made = (): boolean => {
    try {
      mkdirSync(path);
      return true;
    } catch (error) {
      if (codeOf(error) === "EEXIST") return true;
      if (codeOf(error) === "ENOENT") return false;
      throw error;
    }
  };
  if (made()) return;
  if (dirname(path) !== path) makeDirectory(dirname(path));
  if (!made()) throw new Error("ENOENT");
}

/** Runs `act`, saying `STORE_UNWRITABLE` when the file system refuses. */
export async function writably<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const refused = ["EACCES", "EPERM", "EROFS", "ENOENT", "ENOTDIR"].includes(codeOf(error));
    if (!refused) throw error;
    throw tenantryError("STORE_UNWRITABLE", { path, reason: codeOf(error) }, { cause: error });
  }
}

/** Notes that a store was made in the directory, and makes its files' names as durable as their bytes. */
export function markMade(directory: string): void {
  const marker = join(directory, markerFile);
  if (existsSync(marker)) return;
  writeFileSync(marker, markerText, { flush: true });
  for (const made of [directory, dirname(directory)]) flushDirectory(made);
}

/** Makes the names of a directory's files as durable as the files. */
export function flushDirectory(directory: string): void {
  let fd: number | undefined;
  try {
    fd = openSync(directory, "r");
    fsyncSync(fd);
  } catch {
    // Windows flushes no directories, and has no need to.
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/**
 * Verifies the store of a directory, whose lock is held, and clears away what LMDB left of earlier readers.
 * Does nothing when there is no store yet. Throws `STORE_FOREIGN`, `STORE_CORRUPT` or `STORE_UNWRITABLE`.
 */
export async function inspectStore(directory: string, verification: Verification): Promise<void> {
  const marked = existsSync(join(directory, markerFile));
  const data = dataPath(directory);
  const dataBytes = existsSync(data) ? statSync(data).size : 0;
  if (dataBytes < 2 * pageBytes) {
    if (marked) throw tenantryError("STORE_CORRUPT", { path: directory, reason: "its data is gone" });
    if (dataBytes > 0) throw foreign(directory, "its data is not a store's");
    // Not even LMDB's first page was written: the making of a store was cut short.
    rmSync(data, { force: true });
    rmSync(join(directory, readersFile), { force: true });
    return;
  }
  await writably(directory, async () => accessSync(data, constants.R_OK | constants.W_OK));
  await verifyStore(data, directory, verification, marked);
  rmSync(join(directory, readersFile), { force: true });
}

const foreign = (path: string, reason: string): Error => tenantryError("STORE_FOREIGN", { path, reason });

/** Verifies a store's data file. `path` is what errors name; `ours` when it is known to be a store of Tenantry. */
export async function verifyStore(
  data: string,
  path: string,
  verification: Verification,
  ours: boolean,
): Promise<IntegrityReport> {
  const file = new PageFile(data);
  let recognised = ours;
  try {
    const meta = file.meta();
    const first = firstRow(file, meta);
    const own = first !== undefined && isStoreRecordKey(first.key) ? first : undefined;
    if (own === undefined && !recognised && first !== undefined) throw foreign(path, "it is another program's");
    if (own === undefined && recognised) throw new Damage("its own record is gone");
    recognised = true;
    // A file without rows has nothing to verify by it.
    const format = own === undefined ? storeFormat : decodeStoreRecord(own.stored)?.format;
    if (format === undefined) throw new Damage("its own record is damaged");
    if (format > storeFormat) throw tenantryError("STORE_FORMAT", { path, format, formatMax: storeFormat });
    const everything = verification === "auto" ? isSmall(meta) : verification === "full";
    return await inSlices(verifyFile(file, meta, everything, checksumOfFormat(format)));
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    if (!recognised) throw foreign(path, error.message);
    throw tenantryError("STORE_CORRUPT", { path, reason: error.message }, { cause: error });
  } finally {
    file.close();
  }
}

function isSmall({ main }: Meta): boolean {
  return (main.branchPages + main.leafPages + main.overflowPages) * pageBytes <= verifyOnOpenBytesMax;
}
