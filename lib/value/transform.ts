/** The port for what changes a payload's bytes on their way to the store: encryption, compression. */
import { tenantryError } from "../errors/index.js";
import { flagSealed, readEnvelope } from "./envelope.js";

/** What a transform may bind the bytes to, so that they cannot be moved to another place. */
export interface TransformContext {
  /** The entity's name. */
  readonly entity: string;
  /** The record's key, relative to its tenant. */
  readonly key: Uint8Array;
  /** The envelope in front of the payload, in clear. */
  readonly envelope: Uint8Array;
}

/**
 * Changes payloads on their way to the store and back. Either direction may be asynchronous; a synchronous transform
 * keeps reads synchronous.
 */
export interface ByteTransform {
  /** Returns the bytes to store in place of `payload`. */
  seal(payload: Uint8Array, context: TransformContext): Uint8Array | Promise<Uint8Array>;
  /** Returns what `seal` was given; throws when the bytes are not what `seal` made in this context. */
  unseal(sealed: Uint8Array, context: TransformContext): Uint8Array | Promise<Uint8Array>;
}

/** Where a value lies: what of {@link TransformContext} the caller knows. */
export type ValuePlace = Omit<TransformContext, "envelope">;

/** Puts `payload` behind the envelope of `value`, with the sealed flag set or not. */
function rewrap(envelope: Uint8Array, payload: Uint8Array): Uint8Array {
  const value = new Uint8Array(envelope.length + payload.length);
  value.set(envelope);
  value.set(payload, envelope.length);
  return value;
}

function apply(
  value: Uint8Array,
  flag: (first: number) => number,
  change: (payload: Uint8Array, envelope: Uint8Array) => Uint8Array | Promise<Uint8Array>,
): Uint8Array | Promise<Uint8Array> {
  const { payload } = readEnvelope(value);
  const envelope = Uint8Array.from(value.subarray(0, payload));
  envelope[0] = flag(Number(envelope[0]));
  // Both directions see the envelope of the sealed value.
  const bound = Uint8Array.from(envelope);
  bound[0] = Number(bound[0]) | flagSealed;
  const changed = change(value.subarray(payload), bound);
  return changed instanceof Promise ? changed.then((bytes) => rewrap(envelope, bytes)) : rewrap(envelope, changed);
}

/** The value to store for an encoded record: its payload sealed. A promise only if the transform returns one. */
export const sealValue = (
  value: Uint8Array,
  transform: ByteTransform,
  place: ValuePlace,
): Uint8Array | Promise<Uint8Array> =>
  apply(
    value,
    (first) => first | flagSealed,
    (payload, envelope) => transform.seal(payload, { ...place, envelope }),
  );

/**
 * The encoded record in a stored value. Values stored before there was a transform pass as they are.
 *
 * @throws VALUE_SEALED when the value is sealed and no transform is given.
 */
export function unsealValue(
  value: Uint8Array,
  transform: ByteTransform | undefined,
  place: ValuePlace,
): Uint8Array | Promise<Uint8Array> {
  if ((Number(value[0]) & flagSealed) === 0) return value;
  if (transform === undefined) throw tenantryError("VALUE_SEALED", {});
  return apply(
    value,
    (first) => first & ~flagSealed,
    (payload, envelope) => transform.unseal(payload, { ...place, envelope }),
  );
}
