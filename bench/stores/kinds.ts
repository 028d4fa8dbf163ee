/** The candidates of a run: Tenantry first, then every peer that is installed. */
import { foundationdb } from "tenantry/engine";
import { classicLevel } from "./classic-level.js";
import { denoKv } from "./deno-kv.js";
import { foundationdbAll, foundationdbBatches } from "./foundationdb-raw.js";
import { lmdbLoop } from "./lmdb-loop.js";
import { inFolders, type Places, underRoots } from "./places.js";
import { sqlite } from "./sqlite.js";
import type { ByHand, StoreKind } from "./store.js";
import { tenantryAt } from "./tenantry.js";

/** Where a run stores its rows. */
export type EngineName = "embedded" | "foundationdb";

export interface Candidates {
  readonly engine: EngineName;
  /** Where Tenantry keeps its stores, for questions that open their own. */
  readonly places: Places;
  readonly byHand: ByHand;
  readonly present: readonly StoreKind[];
  /** Names of those that are not installed. */
  readonly missing: readonly string[];
}

/** @param clusterFile Of a FoundationDB cluster, which is then measured instead of the embedded engine. */
export function candidates(clusterFile: string | undefined): Candidates {
  if (clusterFile === undefined) {
    const kinds = [tenantryAt(inFolders, "lmdb"), lmdbLoop, sqlite, classicLevel, denoKv];
    return { engine: "embedded", places: inFolders, byHand: lmdbLoop, ...installed(kinds) };
  }
  const places = underRoots(foundationdb({ clusterFile }));
  const byHand = foundationdbAll(clusterFile);
  const kinds = [tenantryAt(places, "foundationdb"), byHand, foundationdbBatches(clusterFile)];
  return { engine: "foundationdb", places, byHand, ...installed(kinds) };
}

const installed = (kinds: readonly StoreKind[]): Pick<Candidates, "present" | "missing"> => ({
  present: kinds.filter((kind) => kind.version() !== undefined),
  missing: kinds.filter((kind) => kind.version() === undefined).map(({ name }) => name),
});
