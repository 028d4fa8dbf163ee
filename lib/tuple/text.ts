/** Strict UTF-8 to text: no overlong forms, no surrogates, nothing beyond U+10FFFF, a byte-order mark kept. */

/** Above this, building text byte by byte costs more than a native call. */
const nativeFromLength = 24;

/** Text of bytes that are all below 0x80. */
export function asciiText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start >= nativeFromLength) {
    return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
  }
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(Number(bytes[i]));
  return text;
}

/** Text of UTF-8 bytes; a number when they are none: the place of the first bad byte. */
export function utf8Text(bytes: Uint8Array, start: number, end: number): string | number {
  let text = "";
  let at = start;
  while (at < end) {
    const lead = Number(bytes[at]);
    if (lead < 0x80) {
      text += String.fromCharCode(lead);
      at++;
      continue;
    }
    const size = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (size === 0 || at + size > end) return at;
    let point = lead & (0xff >> (size + 1));
    for (let i = 1; i < size; i++) {
      const byte = Number(bytes[at + i]);
      if ((byte & 0xc0) !== 0x80) return at;
      point = (point << 6) | (byte & 0x3f);
    }
    const overlong = (size === 3 && point < 0x800) || (size === 4 && point < 0x1_0000);
    if (overlong || point > 0x10_ffff || (point >= 0xd800 && point <= 0xdfff)) return at;
    text += String.fromCodePoint(point);
    at += size;
  }
  return text;
}
