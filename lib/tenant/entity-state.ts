/** The state of one entity in one tenant: which of its indexes can be relied on; pure data and its stored form. */
import { tenantryError } from "../errors/index.js";
import { pack, unpack } from "../tuple/index.js";

/**
 * How far an index is: `writeOnly`, writers keep its entries and those of earlier records are being made; `readable`,
 * it has all of its entries; `dropped`, nobody keeps its entries, and those there are may be wrong. One that is not
 * named is as if dropped.
 */
export type IndexStatus = "writeOnly" | "readable" | "dropped";

/** One index of an entity in one tenant. */
export interface IndexState {
  /** Names the index's definition. */
  readonly fingerprint: number;
  readonly status: IndexStatus;
}

/** One entity in one tenant. */
export interface EntityState {
  /** The lowest version of the entity that may write: programs of an earlier one are refused. 0 lets all of them. */
  readonly version: number;
  /** The layout that all records were last rewritten in, by its fingerprint; 0 when they never were. */
  readonly layout: number;
  readonly indexes: ReadonlyMap<string, IndexState>;
}

/**
 * The formats there have been.
 *
 * 1: a tuple of the format, version, layout, and for each index its name, fingerprint and status.
 */
const formatCurrent = 1;

const statuses: readonly IndexStatus[] = ["writeOnly", "readable", "dropped"];

export function encodeEntityState({ version, layout, indexes }: EntityState): Uint8Array {
  const parts = [...indexes].flatMap(([name, { fingerprint, status }]) => [
    name,
    fingerprint,
    statuses.indexOf(status),
  ]);
  return pack([formatCurrent, version, layout, ...parts]);
}

/** @throws VALUE_FORMAT_UNKNOWN or VALUE_CORRUPT for what {@link encodeEntityState} did not make. */
export function decodeEntityState(bytes: Uint8Array): EntityState {
  const [format, version, layout, ...parts] = unpack(bytes);
  if (format !== formatCurrent) throw tenantryError("VALUE_FORMAT_UNKNOWN", { format: Number(format) });
  const indexes = new Map<string, IndexState>();
  for (let at = 0; at < parts.length; at += 3) {
    const [name, fingerprint, code] = parts.slice(at, at + 3);
    const status = statuses[Number(code)];
    if (typeof name !== "string" || typeof fingerprint !== "number" || status === undefined) throw corrupt();
    indexes.set(name, { fingerprint, status });
  }
  if (typeof version !== "number" || typeof layout !== "number") throw corrupt();
  return { version, layout, indexes };
}

const corrupt = (): Error => tenantryError("VALUE_CORRUPT", { offset: 0, reason: "entityState" });
