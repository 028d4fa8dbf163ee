/** Bytes of callers: what a byte array holds, whatever it says of itself. */
import { isUint8Array } from "node:util/types";

const { apply } = Reflect;
const typedArray: object = Object.getPrototypeOf(Uint8Array.prototype);

/** A getter that every typed array inherits and none can replace: it reads what the array is, not what it says. */
function inheritedGetter(name: "length" | "buffer" | "byteOffset"): () => unknown {
  const getter = Object.getOwnPropertyDescriptor(typedArray, name)?.get;
  if (getter === undefined) throw new TypeError(`Typed arrays have no ${name}.`);
  return getter;
}

const readLength = inheritedGetter("length");
const readBuffer = inheritedGetter("buffer");
const readOffset = inheritedGetter("byteOffset");
const none: readonly never[] = [];

/** How many bytes a `Uint8Array` has; 0 when its memory is gone. */
export const lengthOf = (bytes: Uint8Array): number => Number(apply(readLength, bytes, none));

/**
 * A copy of a caller's bytes, with nothing behind it but itself; undefined for what is no `Uint8Array` (a proxy of one, or
 * what only inherits from it), and for one whose memory is gone.
 */
export function copiedBytes(value: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (!isUint8Array(value)) return undefined;
  try {
    // By the array's own slots: neither a length nor an iterator that somebody gave it is looked at.
    return new Uint8Array(value);
  } catch {
    return undefined;
  }
}

/** The same memory as a `Buffer`, without a copy. */
export const bufferOver = (bytes: Uint8Array, begin = 0, end = lengthOf(bytes)): Buffer =>
  Buffer.from(
    apply(readBuffer, bytes, none) as ArrayBuffer,
    Number(apply(readOffset, bytes, none)) + begin,
    end - begin,
  );
