/** Ids as text for URLs: unreserved characters only, so that no router, proxy or decoder changes them. */
import { bufferOver, copiedBytes, timeOf } from "../intrinsics/index.js";
import type { KeyKind } from "./zod/key-kind.js";

/** Between the fields of a composite id; a tilde inside a field is escaped, so this never is part of one. */
const separator = "~~";
/** Stands for a field without characters. */
const empty = "~-";
const hex = /^[0-9A-F]{2}$/;
const integer = /^(0|-?[1-9][0-9]*)$/;

/** Escapes every byte but the unreserved ones as `~` and two hex digits; `.` alone would be a path of its own. */
function escapeText(text: string): string {
  if (text === "") return empty;
  if (/^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/.test(text)) return text;
  let escaped = "";
  for (const byte of Buffer.from(text)) {
    const char = String.fromCharCode(byte);
    if (/[A-Za-z0-9_-]/.test(char) || (char === "." && escaped !== "")) escaped += char;
    else escaped += `~${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return escaped;
}

/** The text of {@link escapeText}; undefined when it is not exactly that of some text. */
function unescapeText(escaped: string): string | undefined {
  if (escaped === empty) return "";
  const bytes: number[] = [];
  for (let i = 0; i < escaped.length; i++) {
    if (escaped[i] !== "~") {
      const code = escaped.charCodeAt(i);
      if (code > 0x7f) return undefined;
      bytes.push(code);
      continue;
    }
    const digits = escaped.slice(i + 1, i + 3);
    if (!hex.test(digits)) return undefined;
    bytes.push(Number.parseInt(digits, 16));
    i += 2;
  }
  const text = Buffer.from(bytes).toString("utf8");
  return escaped !== "" && escapeText(text) === escaped ? text : undefined;
}

/** A stored key value as text. */
export function formatKeyValue(kind: KeyKind, value: unknown): string {
  const time = timeOf(value);
  if (time !== undefined) return String(time);
  const bytes = copiedBytes(value);
  if (bytes !== undefined) return escapeText(bufferOver(bytes).toString("base64url"));
  return kind === "string" || kind === "number" ? escapeText(String(value)) : String(value);
}

/** The stored key value in `text`; undefined when the text is not exactly what {@link formatKeyValue} writes for one. */
export function parseKeyValue(kind: KeyKind, text: string): unknown {
  const value = readKeyValue(kind, text);
  return value !== undefined && formatKeyValue(kind, value) === text ? value : undefined;
}

function readKeyValue(kind: KeyKind, text: string): unknown {
  switch (kind) {
    case "string":
      return unescapeText(text);
    case "integer":
      return integer.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
    case "bigint":
      return integer.test(text) ? BigInt(text) : undefined;
    case "number": {
      const number = unescapeText(text);
      return number === undefined || Number.isNaN(Number(number)) ? undefined : Number(number);
    }
    case "boolean":
      return text === "true" ? true : text === "false" ? false : undefined;
    case "date":
      return integer.test(text) && !Number.isNaN(new Date(Number(text)).getTime()) ? new Date(Number(text)) : undefined;
    case "bytes": {
      const base64 = unescapeText(text);
      return base64 === undefined ? undefined : Uint8Array.from(Buffer.from(base64, "base64url"));
    }
  }
}

export const joinKeyTexts = (texts: readonly string[]): string => texts.join(separator);
export const splitKeyTexts = (text: string): string[] => text.split(separator);
