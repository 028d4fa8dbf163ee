/** Keys as latin1 strings: one character a byte, so that they compare as their bytes do and serve as map keys. */

export const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");

export const fromLatin1 = (text: string): Uint8Array => Buffer.from(text, "latin1");
