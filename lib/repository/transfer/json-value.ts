/** JSON of any stored value and back: what JSON has no word for is an object with one key that begins with `$`. */
import { isDate, isMap, isSet, isUint8Array } from "node:util/types";

/** How deep the JSON of a value may nest: a stored value nests 64 deep, and a map takes three levels for one. */
const depthMax = 256;

/** Thrown for JSON that stands for no value. */
export class JsonValueFault extends Error {}

const isMarked = (name: string): boolean => name.startsWith("$");

/** The JSON of a number that has no literal. */
const nameOfNumber = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

/** What `JSON.stringify` writes for a value a record can hold. */
export function toJson(value: unknown): unknown {
  if (typeof value === "number") {
    return Number.isFinite(value) && !Object.is(value, -0) ? value : { $number: nameOfNumber(value) };
  }
  if (typeof value === "bigint") return { $bigint: String(value) };
  if (value === undefined) return { $undefined: true };
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Array.from(value, toJson);
  if (isDate(value)) return { $date: value.toISOString() };
  if (isUint8Array(value)) {
    return { $bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64") };
  }
  if (isMap(value)) return { $map: Array.from(value, ([key, item]) => [toJson(key), toJson(item)]) };
  if (isSet(value)) return { $set: Array.from(value, toJson) };
  const entries = Object.entries(value).map(([name, item]): [string, unknown] => [name, toJson(item)]);
  return entries.some(([name]) => isMarked(name)) ? { $object: entries } : Object.fromEntries(entries);
}

const numbers: ReadonlyMap<unknown, number> = new Map(
  [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0].map((value) => [nameOfNumber(value), value]),
);

const fault = (what: string): never => {
  throw new JsonValueFault(what);
};

const textOf = (value: unknown): string => (typeof value === "string" ? value : fault("no text"));
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : fault("no array"));

function pairOf(value: unknown): readonly [unknown, unknown] {
  const list = listOf(value);
  return list.length === 2 ? [list[0], list[1]] : fault("no pair");
}

function objectOf(entries: readonly (readonly [string, unknown])[], depth: number): object {
  const names = new Set(entries.map(([name]) => name));
  // No record has a field of this name: it would reach a prototype.
  if (names.size < entries.length || names.has("__proto__")) fault("a name that cannot be");
  return Object.fromEntries(entries.map(([name, item]) => [name, valueAt(item, depth)]));
}

type Read = (content: unknown, depth: number) => unknown;

const marks: ReadonlyMap<string, Read> = new Map<string, Read>([
  ["$undefined", (content) => (content === true ? undefined : fault("no undefined"))],
  ["$number", (content) => numbers.get(content) ?? fault("no number")],
  ["$bigint", (content) => (/^(0|-?[1-9]\d*)$/.test(textOf(content)) ? BigInt(textOf(content)) : fault("no bigint"))],
  [
    "$date",
    (content) => {
      const date = new Date(textOf(content));
      return Number.isNaN(date.getTime()) || date.toISOString() !== content ? fault("no date") : date;
    },
  ],
  [
    "$bytes",
    (content) => {
      const bytes = Buffer.from(textOf(content), "base64");
      return bytes.toString("base64") === content ? Uint8Array.from(bytes) : fault("no base64");
    },
  ],
  [
    "$map",
    (content, depth) => {
      const entries = listOf(content).map(pairOf);
      return new Map(entries.map(([key, item]) => [valueAt(key, depth), valueAt(item, depth)]));
    },
  ],
  ["$set", (content, depth) => new Set(listOf(content).map((item) => valueAt(item, depth)))],
  [
    "$object",
    (content, depth) => {
      const entries = listOf(content).map(pairOf);
      return objectOf(
        entries.map(([name, item]) => [textOf(name), item]),
        depth,
      );
    },
  ],
]);

function valueAt(json: unknown, depth: number): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (depth > depthMax) fault("too deep");
  if (Array.isArray(json)) return json.map((item) => valueAt(item, depth + 1));
  const entries = Object.entries(json);
  const [first] = entries;
  if (first === undefined || !entries.some(([name]) => isMarked(name))) return objectOf(entries, depth + 1);
  const read = entries.length === 1 ? marks.get(first[0]) : undefined;
  return read === undefined ? fault("an unknown mark") : read(first[1], depth + 1);
}

/**
 * The value that parsed JSON stands for.
 *
 * @throws JsonValueFault when it stands for none
 */
export const fromJson = (json: unknown): unknown => valueAt(json, 1);
