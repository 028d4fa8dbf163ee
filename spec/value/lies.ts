/** Lies: values that say something else of themselves than they are, by own properties that hide what the language gave. */

/** What a `length`, `size`, method or iterator may say. */
export type Lie = "more" | "less" | "changing" | "throwing" | "nonsense";

export const lies: readonly Lie[] = ["more", "less", "changing", "throwing", "nonsense"];

function number(lie: Lie): () => unknown {
  let asked = 0;
  switch (lie) {
    case "more":
      return () => 300;
    case "less":
      return () => 0;
    case "changing":
      return () => (asked++ % 2 === 0 ? 60_000 : 0);
    case "throwing":
      return () => {
        throw new Error("asked");
      };
    case "nonsense":
      return () => [-0, Number.NaN, -1, "7", null, 2 ** 53][asked++ % 6];
  }
}

const nothing = (): Iterator<never> => [][Symbol.iterator]();

const says = (target: object, name: PropertyKey, get: () => unknown): void => {
  Object.defineProperty(target, name, { get, configurable: true });
};

/** Has an object of any of the classes that a record can hold lie about itself. */
function lying<T extends object>(target: T, lie: Lie): T {
  const told = number(lie);
  if (!Array.isArray(target)) says(target, "length", told);
  for (const name of ["size", "byteLength", "byteOffset", Symbol.toStringTag]) says(target, name, told);
  for (const name of [
    "getTime",
    "valueOf",
    "entries",
    "keys",
    "values",
    "forEach",
    "map",
    "slice",
    "at",
    "get",
    "has",
  ]) {
    says(target, name, () => told);
  }
  says(target, "buffer", () => new ArrayBuffer(8));
  says(target, "constructor", () => Number);
  says(target, Symbol.iterator, () => nothing);
  return target;
}

/** A copy of a value that can be stored in which all bytes, dates, arrays, Maps and Sets lie. */
export function lied(value: unknown, lie: Lie): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value))
    return lying(
      Array.from(value, (item) => lied(item, lie)),
      lie,
    );
  if (value instanceof Date) return lying(new Date(value.getTime()), lie);
  if (value instanceof Uint8Array) return lying(Uint8Array.from(value), lie);
  if (value instanceof Map) {
    return lying(new Map([...value].map(([key, item]) => [lied(key, lie), lied(item, lie)])), lie);
  }
  if (value instanceof Set) return lying(new Set([...value].map((member) => lied(member, lie))), lie);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, lied(item, lie)]));
}

/** A proxy of a value and of all in it that counts how often each of their properties is read. */
export function counted(value: unknown, reads: Map<string, number>, path = "value"): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return value;
  return new Proxy(value, {
    get(target, name, receiver) {
      // Quoted: names may have dots in them.
      const place = `${path}.${JSON.stringify(String(name))}`;
      reads.set(place, (reads.get(place) ?? 0) + 1);
      return counted(Reflect.get(target, name, receiver), reads, place);
    },
  });
}
