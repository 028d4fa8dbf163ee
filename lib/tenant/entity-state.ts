/** The state of one entity in one tenant: which of its indexes and aggregates can be relied on; pure data and its stored form. */
import { isTenantryError, tenantryError } from "../errors/index.js";
import { pack, unpack } from "../tuple/index.js";

/**
 * How far an index or aggregate is: `writeOnly`, writers keep it and what earlier records make of it is missing;
 * `readable`, it is whole; `dropped`, nobody keeps it, and what there is of it may be wrong. One that is not named is as
 * if dropped.
 */
export type IndexStatus = "writeOnly" | "readable" | "dropped";

/** One index of an entity in one tenant. */
export interface IndexState {
  /** Names the index's definition. */
  readonly fingerprint: number;
  readonly status: IndexStatus;
}

/** One aggregate of an entity in one tenant. */
export interface AggregateState extends IndexState {
  /** Whether the records are being counted anew: writers add to that count, too. */
  readonly counting: boolean;
}

/** One entity in one tenant. */
export interface EntityState {
  /** The lowest version of the entity that may write: programs of an earlier one are refused. 0 lets all of them. */
  readonly version: number;
  /** The layout that all records were last rewritten in, by its fingerprint; 0 when they never were. */
  readonly layout: number;
  readonly indexes: ReadonlyMap<string, IndexState>;
  readonly aggregates: ReadonlyMap<string, AggregateState>;
}

/**
 * The formats there have been.
 *
 * 1: a tuple of the format, version, layout, and for each index its name, fingerprint and status; for each aggregate the
 * same, `#` before its name, and once more with `+` before it while its records are counted. No index has such a name:
 * a program that knows of indexes alone takes them for indexes that it cannot keep, and notes that they are dropped.
 */
const formatCurrent = 1;

const aggregateMark = "#";
const countingMark = "+";

const statuses: readonly IndexStatus[] = ["writeOnly", "readable", "dropped"];

export function encodeEntityState({ version, layout, indexes, aggregates }: EntityState): Uint8Array {
  const part = (name: string, { fingerprint, status }: IndexState) => [name, fingerprint, statuses.indexOf(status)];
  const parts = [...indexes].flatMap(([name, state]) => part(name, state));
  for (const [name, state] of aggregates) {
    parts.push(...part(aggregateMark + name, state));
    if (state.counting) parts.push(...part(countingMark + name, state));
  }
  return pack([formatCurrent, version, layout, ...parts]);
}

/** @throws VALUE_FORMAT_UNKNOWN or VALUE_CORRUPT for what {@link encodeEntityState} did not make. */
export function decodeEntityState(bytes: Uint8Array, entity?: string): EntityState {
  const corrupt = (cause?: unknown): Error =>
    tenantryError("VALUE_CORRUPT", { offset: 0, reason: damagedState, entity }, { cause });
  const [format, version, layout, ...parts] = elementsIn(bytes, corrupt);
  if (typeof format === "number" && Number.isSafeInteger(format) && format > formatCurrent) {
    throw tenantryError("VALUE_FORMAT_UNKNOWN", { format, entity });
  }
  if (format !== formatCurrent) throw corrupt();
  const found = new Map<string, IndexState>();
  for (let at = 0; at < parts.length; at += 3) {
    const [name, fingerprint, code] = parts.slice(at, at + 3);
    const status = statuses[Number(code)];
    if (typeof name !== "string" || typeof fingerprint !== "number" || status === undefined) throw corrupt();
    found.set(name, { fingerprint, status });
  }
  if (typeof version !== "number" || typeof layout !== "number") throw corrupt();
  const indexes = new Map<string, IndexState>();
  const aggregates = new Map<string, AggregateState>();
  for (const [name, state] of found) {
    if (name.startsWith(countingMark)) continue;
    if (!name.startsWith(aggregateMark)) indexes.set(name, state);
    else aggregates.set(name.slice(1), { ...state, counting: isCounting(found, name.slice(1), state) });
  }
  return { version, layout, indexes, aggregates };
}

/** A mark that an older program dropped, or that stands beside an aggregate it dropped, is none. */
const isCounting = (found: ReadonlyMap<string, IndexState>, name: string, { status }: IndexState): boolean =>
  status !== "dropped" && (found.get(countingMark + name)?.status ?? "dropped") !== "dropped";

/** The reason by which a damaged state is told from a damaged record. */
const damagedState = "entityState";

/** Whether an error is about a state that is damaged: that of another format is a later program's. */
export const isDamagedState = (error: unknown): boolean =>
  isTenantryError(error, "VALUE_CORRUPT") && error.details.reason === damagedState;

function elementsIn(bytes: Uint8Array, corrupt: (cause: unknown) => Error): ReturnType<typeof unpack> {
  try {
    return unpack(bytes);
  } catch (cause) {
    throw corrupt(cause);
  }
}
