/** Whether a cluster answers: what opening checks, so that a wrong address is an error and not a silence. */
import { accessSync, constants } from "node:fs";
import type { NativeDatabase, NativeModule } from "foundationdb/dist/lib/native.js";
import { tenantryError } from "../../errors/index.js";
import { databaseOptionCodes, type FoundationDbDatabaseOptions } from "../foundationdb-options.js";
import { optionToNative } from "./bytes.js";
import { type OptionCode, transactionOptionCodes } from "./codes.js";
import { fdbCodeOf, toEngineError } from "./errors.js";

// The binding copies the path into a buffer of 1,024 bytes, and cuts off what is longer.
const clusterFileBytesMax = 1_023;

// What the client may take over its own timeout before it is thought to be stuck.
const graceMs = 1_000;

const clusterFileCodes: readonly (number | undefined)[] = [1511, 1513, 1515, 2104];

/** Looks at a cluster file that was named; one that was not is found by the client. */
export function checkClusterFile(clusterFile: string | undefined): void {
  if (clusterFile === undefined) return;
  if (Buffer.byteLength(clusterFile) > clusterFileBytesMax) {
    throw tenantryError("FOUNDATIONDB_CLUSTER_FILE", { clusterFile, reason: "the path is too long" });
  }
  try {
    accessSync(clusterFile, constants.R_OK);
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw tenantryError("FOUNDATIONDB_CLUSTER_FILE", { clusterFile, reason }, { cause: error });
  }
}

/** Makes the database; no I/O. */
export function createDatabase(
  native: NativeModule,
  clusterFile: string | undefined,
  options: FoundationDbDatabaseOptions,
): NativeDatabase {
  let database: NativeDatabase;
  try {
    database = native.createDatabase(clusterFile);
  } catch (error) {
    throw clusterFileError(error, clusterFile);
  }
  try {
    setDatabaseOptions(database, options);
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

function setDatabaseOptions(database: NativeDatabase, options: FoundationDbDatabaseOptions): void {
  const codes: Readonly<Record<string, OptionCode>> = databaseOptionCodes;
  for (const [name, given] of Object.entries<true | number | string | readonly string[] | undefined>({ ...options })) {
    const option = codes[name];
    if (given === undefined || option === undefined) continue;
    for (const value of typeof given === "object" ? given : [given]) {
      try {
        database.setOption(option.code, optionToNative(option.type, value));
      } catch (error) {
        const { fdbName: reason } = toEngineError(error).details;
        throw tenantryError("FOUNDATIONDB_OPTION", { option: name, reason }, { cause: error });
      }
    }
  }
}

/**
 * Asks the cluster for a read version and waits `connectTimeoutMs` for it: proof that its coordinators, proxies and
 * the client's version agree. The client's own timeout ends the wait; a timer of ours does if the client is stuck.
 */
export async function connect(
  database: NativeDatabase,
  clusterFile: string | undefined,
  connectTimeoutMs: number,
): Promise<void> {
  const transaction = database.createTransaction();
  let timer: NodeJS.Timeout | undefined;
  const stuck = new Promise<"stuck">((resolve) => {
    timer = setTimeout(() => resolve("stuck"), connectTimeoutMs + graceMs);
  });
  try {
    transaction.setOption(transactionOptionCodes.timeout.code, Math.ceil(connectTimeoutMs));
    const answer = transaction.getReadVersion();
    answer.catch(() => {});
    if ((await Promise.race([answer, stuck])) !== "stuck") return;
    transaction.cancel();
  } catch (error) {
    const fdbCode = fdbCodeOf(error);
    throw clusterFileCodes.includes(fdbCode)
      ? clusterFileError(error, clusterFile)
      : tenantryError("FOUNDATIONDB_UNREACHABLE", { clusterFile, connectTimeoutMs, fdbCode }, { cause: error });
  } finally {
    clearTimeout(timer);
  }
  throw tenantryError("FOUNDATIONDB_UNREACHABLE", { clusterFile, connectTimeoutMs, fdbCode: undefined });
}

function clusterFileError(error: unknown, clusterFile: string | undefined): Error {
  const { fdbName: reason } = toEngineError(error).details;
  return tenantryError("FOUNDATIONDB_CLUSTER_FILE", { clusterFile, reason }, { cause: error });
}
