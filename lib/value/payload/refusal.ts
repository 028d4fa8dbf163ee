/** Refusals: values that would not come back equal, and where in a record they are. */

/** Why a value cannot be stored. */
export type RefusalReason =
  | "function"
  | "symbol"
  | "symbolKey"
  | "class"
  | "typedArray"
  | "detachedBytes"
  | "invalidDate"
  | "sparseArray"
  | "loneSurrogate"
  | "nameOfThePrototype"
  | "missing"
  | "notAnObject"
  | "notAnArray"
  | "tooDeep"
  | "tooLarge"
  | "lastRevision";

/** Thrown while writing; each container on the way out adds where in it the value is. */
export class Refusal {
  readonly reason: RefusalReason;
  readonly path: string[] = [];
  constructor(reason: RefusalReason) {
    this.reason = reason;
  }
}

/** What was thrown while the value at `place` of a container was written. */
export function refusedAt(error: unknown, place: string | undefined): unknown {
  if (error instanceof Refusal && place !== undefined) error.path.unshift(place);
  return error;
}
