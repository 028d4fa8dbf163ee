/** Totals: an aggregate's stored value, an integer that atomic additions change. */

/**
 * Bytes of a total: little-endian two's complement, as an atomic addition takes it. Amounts have 64 bits, so that no
 * number of records overflows it.
 */
const totalBytes = 16;
const halfBits = 64n;

export function encodeTotal(total: bigint): Uint8Array {
  const bytes = new Uint8Array(totalBytes);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt.asUintN(Number(halfBits), total), true);
  view.setBigInt64(8, BigInt.asIntN(Number(halfBits), total >> halfBits), true);
  return bytes;
}

/** The total in stored bytes; undefined when they hold none. */
export function decodeTotal(bytes: Uint8Array): bigint | undefined {
  if (bytes.length !== totalBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (view.getBigInt64(8, true) << halfBits) + view.getBigUint64(0, true);
}

/** What a row is compared with to be cleared: a total that came to nothing. */
export const zeroTotal = encodeTotal(0n);
