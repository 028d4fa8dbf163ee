/** Codes of the engines: what a store or a cluster answers, and what keeps one from opening. */
import { define } from "../definition.js";

export const engineErrors = {
  ENGINE: define<{ fdbCode: number; fdbName: string }>()("unavailable", "The engine refused the operation."),
  STORE_LOCKED: define<{ path: string; pid: number; host: string; waitedMs: number }>()(
    "unavailable",
    "Another process has the store open; one at a time can.",
  ),
  STORE_FOREIGN: define<{ path: string; reason: string }>()("corrupt", "What lies here is not a store of Tenantry."),
  STORE_CORRUPT: define<{ path: string; reason: string }>()(
    "corrupt",
    "The store is damaged: restore it from a backup.",
  ),
  STORE_FORMAT: define<{ path: string; format: number; formatMax: number }>()(
    "unavailable",
    "The store was written by a later version of Tenantry.",
  ),
  STORE_EXISTS: define<{ path: string }>()("conflict", "There is something at the target; it is not overwritten."),
  STORE_UNWRITABLE: define<{ path: string; reason: string }>()(
    "unavailable",
    "The store's directory cannot be written: check that it exists, its owner, its mode and its file system.",
  ),
  STORE_FULL: define<{ path: string; mapBytes: number }>()(
    "limit",
    "The store has reached its largest size: open it with a larger `mapBytes`.",
  ),
  STORE_DISK_FULL: define<{ path: string }>()("unavailable", "The disk of the store is full: nothing was written."),
  STORE_FAILED: define<{ path: string; reason: string }>()("unavailable", "The store could not be written."),
  STORE_OPTION: define<{ option: string; reason: string }>()(
    "usage",
    "An option of the embedded engine is not valid.",
    "option",
    "reason",
  ),
  ENGINE_CLOSED: define<{ engine: string }>()("usage", "The engine is closed.", "engine"),
  FOUNDATIONDB_PACKAGE_MISSING: define()(
    "unavailable",
    "The npm package `foundationdb` is not installed: run `npm install foundationdb`.",
  ),
  FOUNDATIONDB_PACKAGE_UNKNOWN: define<{ found: readonly string[] }>()(
    "unavailable",
    "The npm package `foundationdb` has no native module where this library looks for it: install version 2.0.1, or a later one of 2.0.",
  ),
  FOUNDATIONDB_CLIENT_MISSING: define<{ platform: string; arch: string; reason: string }>()(
    "unavailable",
    "FoundationDB's client library libfdb_c could not be loaded: install `foundationdb-clients` 7.2 or newer, of the cluster's version (https://github.com/apple/foundationdb/releases).",
  ),
  FOUNDATIONDB_BUILD_MISSING: define<{ platform: string; arch: string; reason: string }>()(
    "unavailable",
    "The npm package `foundationdb` has no native build for this platform: install `foundationdb-clients` and a C++ compiler, then run `npm rebuild foundationdb --ignore-scripts=false`.",
  ),
  FOUNDATIONDB_API_VERSION_UNSUPPORTED: define<{
    apiVersion: number;
    apiVersionMin: number;
    apiVersionMax: number;
    fdbCode: number | undefined;
  }>()(
    "unavailable",
    "This FoundationDB API version cannot be used: ask for one in the stated bounds, and install `foundationdb-clients` 7.2 or newer.",
  ),
  FOUNDATIONDB_API_VERSION_SELECTED: define<{ apiVersion: number; selected: number | undefined }>()(
    "usage",
    "Another FoundationDB API version is in use in this process; it can be selected once.",
    "apiVersion",
    "selected",
  ),
  FOUNDATIONDB_NETWORK_RUNNING: define<{ option: string }>()(
    "usage",
    "The FoundationDB client of this process runs with other network options; the first open sets them, once.",
    "option",
  ),
  FOUNDATIONDB_THREAD: define()(
    "usage",
    "FoundationDB can be opened on the main thread only: its client has one network per process.",
  ),
  FOUNDATIONDB_OPTION: define<{ option: string; reason: string }>()(
    "usage",
    "An option of FoundationDB is not valid.",
    "option",
    "reason",
  ),
  FOUNDATIONDB_CLUSTER_FILE: define<{ clusterFile: string | undefined; reason: string }>()(
    "unavailable",
    "The FoundationDB cluster file cannot be used: check its path, that this user may read it, and its content.",
  ),
  FOUNDATIONDB_FILE: define<{ option: string; path: string; reason: string }>()(
    "unavailable",
    "A file named by a FoundationDB option cannot be read.",
  ),
  FOUNDATIONDB_UNREACHABLE: define<{
    clusterFile: string | undefined;
    connectTimeoutMs: number;
    fdbCode: number | undefined;
  }>()(
    "unavailable",
    "The FoundationDB cluster did not answer: check that it runs (`fdbcli --exec status`), that the cluster file and the TLS files are its own, that its addresses can be reached, and that libfdb_c has the cluster's version.",
  ),
  COPY_OPTIONS_INVALID: define<{ reason: string }>()("usage", "The copy cannot be made as asked for.", "reason"),
  COPY_TARGET_NOT_EMPTY: define()("conflict", "The target of the copy has rows in the range already."),
  COPY_CHECKPOINT_INVALID: define<{ reason: string }>()("input", "The copy cannot go on from this checkpoint."),
  COPY_SOURCE_CHANGING: define<{ passes: number }>()(
    "conflict",
    "The source of the copy changed during every pass: pause what writes to it, and copy again.",
  ),
  COPY_DIGEST_MISMATCH: define<{ rows: number; targetRows: number }>()(
    "conflict",
    "The target of the copy does not hold what was copied: something else wrote to it.",
  ),
} as const;
