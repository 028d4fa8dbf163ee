/** What may be said when FoundationDB is opened: where the cluster is, and the client's and database's options. */
import { copiedBytes } from "../intrinsics/index.js";
import { copiedList, type OptionNames, optionNames, takeOptions } from "../options/index.js";
import type { OptionCode } from "./foundationdb/codes.js";

/**
 * Options of the FoundationDB client of this process, in the order they are set. They belong to the process: the
 * first open sets them, and a later one must say the same or nothing.
 */
export const networkOptionCodes = {
  traceEnable: { code: 30, type: "string" },
  traceRollSize: { code: 31, type: "int" },
  traceMaxLogsSize: { code: 32, type: "int" },
  traceLogGroup: { code: 33, type: "string" },
  traceFormat: { code: 34, type: "string" },
  traceClockSource: { code: 35, type: "string" },
  traceFileIdentifier: { code: 36, type: "string" },
  traceShareAmongClientThreads: { code: 37, type: "none" },
  tracePartialFileSuffix: { code: 39, type: "string" },
  knob: { code: 40, type: "string" },
  // The passphrase before the key it opens.
  tlsPassword: { code: 54, type: "string" },
  tlsCertBytes: { code: 42, type: "bytes" },
  tlsCertPath: { code: 43, type: "string" },
  tlsKeyBytes: { code: 45, type: "bytes" },
  tlsKeyPath: { code: 46, type: "string" },
  tlsVerifyPeers: { code: 47, type: "string" },
  tlsCaBytes: { code: 52, type: "bytes" },
  tlsCaPath: { code: 53, type: "string" },
  disableMultiVersionClientApi: { code: 60, type: "none" },
  externalClientLibrary: { code: 62, type: "string" },
  externalClientDirectory: { code: 63, type: "string" },
  disableLocalClient: { code: 64, type: "none" },
  clientThreadsPerVersion: { code: 65, type: "int" },
  disableClientStatisticsLogging: { code: 70, type: "none" },
  enableRunLoopProfiling: { code: 71, type: "none" },
  disableClientBypass: { code: 72, type: "none" },
  clientBuggifyEnable: { code: 80, type: "none" },
  clientBuggifyDisable: { code: 81, type: "none" },
  clientBuggifySectionActivatedProbability: { code: 82, type: "int" },
  clientBuggifySectionFiredProbability: { code: 83, type: "int" },
  distributedClientTracer: { code: 90, type: "string" },
  clientTmpDir: { code: 91, type: "string" },
} as const satisfies Record<string, OptionCode>;

/** Network options that name a file, read by the client in its own time: they are looked at before it starts. */
export const networkFileOptions = ["tlsCertPath", "tlsKeyPath", "tlsCaPath"] as const;

/** Options of one open database. */
export const databaseOptionCodes = {
  locationCacheSize: { code: 10, type: "int" },
  maxWatches: { code: 20, type: "int" },
  machineId: { code: 21, type: "string" },
  datacenterId: { code: 22, type: "string" },
  snapshotRywEnable: { code: 26, type: "none" },
  snapshotRywDisable: { code: 27, type: "none" },
  transactionLoggingMaxFieldLength: { code: 405, type: "int" },
  transactionTimeout: { code: 500, type: "int" },
  transactionRetryLimit: { code: 501, type: "int" },
  transactionMaxRetryDelay: { code: 502, type: "int" },
  transactionSizeLimit: { code: 503, type: "int" },
  transactionCausalReadRisky: { code: 504, type: "none" },
  transactionBypassUnreadable: { code: 700, type: "none" },
} as const satisfies Record<string, OptionCode>;

/** What an option of each type is given: `none` is switched on by `true`; strings may be given more than once. */
interface OptionValues {
  readonly none: true;
  readonly int: number;
  readonly string: string | readonly string[];
  readonly bytes: Uint8Array;
}

type OptionsOf<Codes extends Readonly<Record<string, OptionCode>>> = {
  readonly [Name in keyof Codes]?: OptionValues[Codes[Name]["type"]] | undefined;
};

/**
 * Options of the FoundationDB client: tracing, TLS files, further client libraries. Set once per process.
 *
 * @example
 * ```ts
 * import { type FoundationDbNetworkOptions, foundationdb } from "tenantry/engine";
 * const network: FoundationDbNetworkOptions = {
 *   tlsCertPath: "/etc/foundationdb/cert.pem",
 *   tlsKeyPath: "/etc/foundationdb/key.pem",
 *   tlsCaPath: "/etc/foundationdb/ca.pem",
 *   traceEnable: "/var/log/app",
 * };
 * const engine = foundationdb({ network });
 * ```
 */
export interface FoundationDbNetworkOptions extends OptionsOf<typeof networkOptionCodes> {}

/**
 * Options of the database and defaults of its transactions; times in milliseconds, sizes in bytes.
 *
 * @example
 * ```ts
 * import { type FoundationDbDatabaseOptions, foundationdb } from "tenantry/engine";
 * const database: FoundationDbDatabaseOptions = { maxWatches: 20_000, datacenterId: "fra1" };
 * const engine = foundationdb({ database });
 * ```
 */
export interface FoundationDbDatabaseOptions extends OptionsOf<typeof databaseOptionCodes> {}

/**
 * How to open FoundationDB; everything has a default.
 *
 * @example
 * ```ts
 * import { type FoundationDbOptions, foundationdb } from "tenantry/engine";
 * const options: FoundationDbOptions = { clusterFile: "/etc/foundationdb/fdb.cluster", tags: ["web"] };
 * const engine = foundationdb(options);
 * ```
 */
export interface FoundationDbOptions {
  /** Path of the cluster file; by default `FDB_CLUSTER_FILE`, `./fdb.cluster` or the system's, as `fdbcli` does. */
  readonly clusterFile?: string | undefined;
  /** API version, 700 to 720; 720 by default. One per process. */
  readonly apiVersion?: number | undefined;
  /** How long opening may wait for the cluster to answer, in milliseconds. */
  readonly connectTimeoutMs?: number | undefined;
  /** Tags put on every transaction, for throttling: at most 5, each of at most 16 bytes. */
  readonly tags?: readonly string[] | undefined;
  readonly network?: FoundationDbNetworkOptions | undefined;
  readonly database?: FoundationDbDatabaseOptions | undefined;
}

/** Values of one option of the client that are set. */
const valuesMax = 1_000;
const tagsTakenMax = 100;

const namesOf = (codes: object): OptionNames<never> =>
  optionNames(Object.fromEntries(Object.keys(codes).map((name) => [name, true])));
const networkNames = namesOf(networkOptionCodes);
const databaseNames = namesOf(databaseOptionCodes);

/** Options whose lists and bytes are copies. @throws OPTION_UNKNOWN, OPTIONS_INVALID */
function takeNested(given: object | undefined, names: OptionNames<never>, of: string): object | undefined {
  if (given === undefined) return undefined;
  const taken = Object.entries(takeOptions<object>(given, names, of));
  const copies = taken.map(([name, value]) => [name, copiedList(value, valuesMax) ?? copiedBytes(value) ?? value]);
  return Object.freeze(Object.fromEntries(copies));
}

/** What was taken of the options, with what is nested in them. @throws OPTION_UNKNOWN, OPTIONS_INVALID */
export function takeNestedOptions<O extends FoundationDbOptions>(options: O): O {
  const { tags, network, database } = options;
  const nested = {
    tags: copiedList(tags, tagsTakenMax) ?? tags,
    network: takeNested(network, networkNames, "network"),
    database: takeNested(database, databaseNames, "database"),
  };
  return { ...options, ...Object.fromEntries(Object.entries(nested).filter(([, value]) => value !== undefined)) };
}
