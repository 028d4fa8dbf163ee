/** Text in tuples: UTF-8 and its zero bytes escaped; strictly, so that text and bytes have one form each. */
import { bufferOver } from "../intrinsics/index.js";
import { CODE_STRING, ESCAPE } from "./code.js";

/** Above this, building text byte by byte costs more than a native call. */
const nativeFromLength = 24;

/** Bytes that `value` takes at most, code and end included. */
export const textBytesMax = (value: string): number => 3 * value.length + 2;

/** Writes text at `at`; returns where it ends, or -1 when a lone surrogate in it has no UTF-8. */
export function writeText(bytes: Uint8Array, at: number, value: string): number {
  const length = value.length;
  let end = at;
  bytes[end++] = CODE_STRING;
  for (let i = 0; i < length; i++) {
    let point = value.charCodeAt(i);
    if (point < 0x80) {
      bytes[end++] = point;
      if (point === 0) bytes[end++] = ESCAPE;
    } else if (point < 0x800) {
      bytes[end++] = 0xc0 | (point >>> 6);
      bytes[end++] = 0x80 | (point & 0x3f);
    } else if (point < 0xd800 || point > 0xdfff) {
      bytes[end++] = 0xe0 | (point >>> 12);
      bytes[end++] = 0x80 | ((point >>> 6) & 0x3f);
      bytes[end++] = 0x80 | (point & 0x3f);
    } else {
      const low = value.charCodeAt(++i);
      if (point > 0xdbff || !(low >= 0xdc00 && low <= 0xdfff)) return -1;
      point = 0x1_0000 + ((point - 0xd800) << 10) + (low - 0xdc00);
      bytes[end++] = 0xf0 | (point >>> 18);
      bytes[end++] = 0x80 | ((point >>> 12) & 0x3f);
      bytes[end++] = 0x80 | ((point >>> 6) & 0x3f);
      bytes[end++] = 0x80 | (point & 0x3f);
    }
  }
  bytes[end++] = 0;
  return end;
}

/** Text of bytes that are all below 0x80. */
export function asciiText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start >= nativeFromLength) {
    return bufferOver(bytes, start, end).toString("latin1");
  }
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(Number(bytes[i]));
  return text;
}

/**
 * Text of UTF-8 bytes, without overlong forms, surrogates or anything beyond U+10FFFF; a byte-order mark stays. A number
 * when they are none: the place of the first bad byte.
 */
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
