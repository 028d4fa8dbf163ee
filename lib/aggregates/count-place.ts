/** The place of a count: how far the records of an entity have been counted anew, as writers and counters read it. */
import type { MaintainedAggregate } from "../indexes/index.js";
import { countPlaceKey } from "../keyspace/index.js";
import { type Operation, valueAt } from "../transaction/index.js";
import { compareBytes, pack, unpack } from "../tuple/index.js";

/**
 * How far a count has come: past the records up to the id `last`, then past the groups of an aggregate whose packed values
 * are below `next`, and the aggregates before it. Undefined at the beginning.
 */
export type CountPlace =
  | { readonly phase: "records"; readonly last: Uint8Array; readonly failed: number }
  | { readonly phase: "groups"; readonly aggregate: string; readonly next: Uint8Array; readonly failed: number };

/**
 * The formats there have been. 1: `(1, failed, id)` among the records, `(1, failed, aggregate, values)` among the groups,
 * `failed` being how many records could not be counted.
 */
const format = 1;

export function encodeCountPlace(place: CountPlace): Uint8Array {
  return place.phase === "records"
    ? pack([format, place.failed, place.last])
    : pack([format, place.failed, place.aggregate, place.next]);
}

/** A stored place; the beginning for bytes that are none. */
export function decodeCountPlace(bytes: Uint8Array | undefined): CountPlace | undefined {
  if (bytes === undefined) return undefined;
  const [of, failed, where, next] = unpack(bytes);
  if (of !== format || typeof failed !== "number") return undefined;
  if (where instanceof Uint8Array) return { phase: "records", last: where, failed };
  if (typeof where !== "string" || !(next instanceof Uint8Array)) return undefined;
  return { phase: "groups", aggregate: where, next, failed };
}

/** Whether a count at this place has been past the record with the packed id. */
export const isCounted = (place: CountPlace | undefined, id: Uint8Array): boolean =>
  place !== undefined && (place.phase === "groups" || compareBytes(id, place.last) <= 0);

/** How far the count is under which writers keep these aggregates. One get, with a conflict, while one is being made. */
export function* countPlaceOf(
  entity: string,
  aggregates: readonly MaintainedAggregate[],
): Operation<CountPlace | undefined> {
  if (!aggregates.some(({ counting }) => counting)) return undefined;
  return decodeCountPlace(yield* valueAt(countPlaceKey(entity)));
}
