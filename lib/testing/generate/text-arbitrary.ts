/** Text for a schema's strings: of its format when it has one, hard on keys when it may be anything. */
import type { Arbitrary } from "fast-check";
import type { FastCheck } from "./fast-check.js";
import type { Bounds } from "./records/bounds.js";

/** Text that is hard on keys: zero and 0xff bytes, what tuples look like, one letter in two forms, lone surrogates. */
export const hardTexts: readonly string[] = [
  "",
  "\0",
  "\xff",
  "a",
  "a\0",
  "a\0\xff",
  "a\0b",
  "\u0001\u0002",
  "\0\xff\0",
  "\u00e9",
  "e\u0301",
  "\u{1f600}",
  "\uffff",
  "__proto__",
  "../..",
  "%00",
  "tenantry",
];

const day = (at: Date): string => at.toISOString().slice(0, 10);

/** Values of zod's formats whose patterns are beyond a generator. */
function ofFormat(fc: FastCheck, format: string | undefined): Arbitrary<string> | undefined {
  const dates = fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true });
  switch (format) {
    case "uuid":
    case "guid":
      return fc.uuid({ version: 4 });
    case "email":
      return fc.stringMatching(/^[a-z]{1,8}\.[a-z0-9]{1,8}@[a-z]{1,8}\.(com|org)$/);
    case "url":
      return fc.webUrl();
    case "datetime":
      return dates.map((at) => at.toISOString());
    case "date":
      return dates.map(day);
    case "time":
      return dates.map((at) => at.toISOString().slice(11, 19));
    case "ipv4":
      return fc.ipV4();
    case "ipv6":
      return fc.ipV6();
    case "base64":
      return fc.uint8Array({ maxLength: 24 }).map((bytes) => Buffer.from(bytes).toString("base64"));
    case "base64url":
      return fc.uint8Array({ maxLength: 24 }).map((bytes) => Buffer.from(bytes).toString("base64url"));
    case "duration":
      return fc.nat(999).map((days) => `P${days}D`);
    case "hostname":
      return fc.domain();
    case "emoji":
      return fc.constantFrom("\u{1f600}", "\u{1f680}");
    default:
      return undefined;
  }
}

/** Strings that a schema of these bounds takes, or most of them. */
export function textArbitrary(fc: FastCheck, { format, pattern, sizeMin = 0, sizeMax }: Bounds): Arbitrary<string> {
  const formatted = ofFormat(fc, format);
  if (formatted !== undefined) return formatted;
  if (pattern !== undefined) return fc.stringMatching(pattern);
  const any = fc.string({ unit: "binary", minLength: sizeMin, maxLength: Math.min(sizeMax ?? sizeMin + 12, 64) });
  const hard = hardTexts.filter((text) => text.length >= sizeMin && text.length <= (sizeMax ?? Number.MAX_VALUE));
  return hard.length === 0 ? any : fc.oneof(fc.constantFrom(...hard), any);
}
