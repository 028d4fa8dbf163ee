/** The candidates of a run: Tenantry first, then every peer that is installed. */
import { classicLevel } from "./classic-level.js";
import { denoKv } from "./deno-kv.js";
import { foundationdbAll, foundationdbBatches } from "./foundationdb-raw.js";
import { lmdbLoop } from "./lmdb-loop.js";
import { sqlite } from "./sqlite.js";
import type { StoreKind } from "./store.js";
import { tenantryCluster, tenantryEmbedded } from "./tenantry.js";

/** Where a run stores its rows. */
export type EngineName = "embedded" | "foundationdb";

export interface Candidates {
  readonly engine: EngineName;
  readonly present: readonly StoreKind[];
  /** Names of those that are not installed. */
  readonly missing: readonly string[];
}

/** @param clusterFile Of a FoundationDB cluster, which is then measured instead of the embedded engine. */
export function candidates(clusterFile: string | undefined): Candidates {
  const kinds =
    clusterFile === undefined
      ? [tenantryEmbedded, lmdbLoop, sqlite, classicLevel, denoKv]
      : [tenantryCluster(clusterFile), foundationdbAll(clusterFile), foundationdbBatches(clusterFile)];
  return {
    engine: clusterFile === undefined ? "embedded" : "foundationdb",
    present: kinds.filter((kind) => kind.version() !== undefined),
    missing: kinds.filter((kind) => kind.version() === undefined).map(({ name }) => name),
  };
}
