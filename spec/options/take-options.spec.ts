/** Options: what is taken of them, what is refused, and what is never seen. */
import fc from "fast-check";
import { afterEach, describe, expect, expectTypeOf, test } from "vitest";
import { isTenantryError } from "../../lib/errors/index.js";
import { optionNameCharsMax } from "../../lib/limits/index.js";
import { copiedList, type OptionNames, optionNames, takeOptions } from "../../lib/options/index.js";
import { runs } from "../runs.js";

interface Paint {
  readonly colour?: string | undefined;
  readonly coats?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const names = optionNames<Paint>({ colour: true, coats: true, signal: true });
const take = (given: unknown): Partial<Paint> => takeOptions(given as Paint | undefined, names, "paint");

function refusal(given: unknown): unknown {
  try {
    take(given);
  } catch (error) {
    if (isTenantryError(error, "OPTION_UNKNOWN", "OPTIONS_INVALID")) return { code: error.code, ...error.details };
    throw error;
  }
  return undefined;
}

const pollution = Object.prototype as { coats?: unknown };
afterEach(() => {
  delete pollution.coats;
});

describe("takeOptions", () => {
  test("gives an object of its own with what was given", () => {
    const given = { colour: "red", coats: undefined };
    const taken = take(given);
    expect({ ...taken }).toEqual({ colour: "red", coats: undefined });
    expect(taken).not.toBe(given);
    given.colour = "blue";
    expect(taken.colour).toBe("red");
  });

  test("gives the same frozen nothing for none", () => {
    expect(take(undefined)).toBe(take(undefined));
    expect(Object.isFrozen(take(undefined))).toBe(true);
    expect(Object.keys(take(undefined))).toEqual([]);
  });

  test.each([null, [], ["colour"], "colour", 1, true, Symbol("coats"), () => {}, 1n])("refuses %s", (given) => {
    expect(refusal(given)).toEqual({ code: "OPTIONS_INVALID", of: "paint" });
  });

  test.each([
    ["color", "colour"],
    ["Coats", "coats"],
    ["caots", "coats"],
    ["coat", "coats"],
    ["join", undefined],
    ["toString", undefined],
    ["", undefined],
  ])("refuses %j, and means %j", (option, nearest) => {
    expect(refusal({ colour: "red", [option]: undefined })).toEqual({
      code: "OPTION_UNKNOWN",
      of: "paint",
      option,
      nearest,
    });
  });

  test("refuses an own `__proto__`", () => {
    expect(refusal(JSON.parse('{"__proto__": {"coats": 2}}'))).toMatchObject({ option: "__proto__" });
  });

  test("tells a bounded part of a name, well-formed", () => {
    const long = `${"x".repeat(optionNameCharsMax - 1)}\u{1f600}`.repeat(100);
    expect(refusal({ [long]: 1 })).toMatchObject({ option: `${"x".repeat(optionNameCharsMax - 1)}\ufffd` });
  });

  test("takes no signal that is none", () => {
    for (const signal of ["abort", null, 0, {}, [], () => {}, { aborted: false }]) {
      expect(() => take({ signal })).toThrow(expect.objectContaining({ code: "TRANSACTION_OPTION_INVALID" }));
    }
    const { signal } = new AbortController();
    expect(take({ signal }).signal).toBe(signal);
  });

  test("does not see what is inherited, whenever that is", () => {
    pollution.coats = 7;
    expect(take(undefined).coats).toBeUndefined();
    expect(take({}).coats).toBeUndefined();
    expect(take({ colour: "red" }).coats).toBeUndefined();
    expect(take(Object.create({ coats: 7, join: 1 })).coats).toBeUndefined();
    expect("toString" in take({})).toBe(false);
    expect("constructor" in take({})).toBe(false);
  });

  test("reads nothing of symbols and of what is not enumerable", () => {
    const given = Object.defineProperty({ [Symbol("coats")]: 1 }, "join", { value: 1, enumerable: false });
    expect(Reflect.ownKeys(take(given))).toEqual([]);
  });

  test("takes what was given and no more, each read once", () => {
    fc.assert(
      fc.property(
        fc.record(
          { colour: fc.string(), coats: fc.anything(), signal: fc.constantFrom(undefined, AbortSignal.abort()) },
          { requiredKeys: [] },
        ),
        fc.dictionary(fc.string(), fc.anything()),
        (options, inherited) => {
          const reads = new Map<string, number>();
          const given: object = Object.create(inherited);
          for (const [name, value] of Object.entries(options)) {
            const get = (): unknown => {
              reads.set(name, (reads.get(name) ?? 0) + 1);
              return reads.get(name) === 1 ? value : "another";
            };
            Object.defineProperty(given, name, { get, enumerable: true });
          }
          const taken = take(given);
          expect({ ...taken }).toEqual(options);
          expect([...reads.values()].every((count) => count === 1)).toBe(true);
        },
      ),
      { numRuns: runs(200) },
    );
  });

  test("names every unknown one, unless another comes before it", () => {
    fc.assert(
      fc.property(fc.string(), (option) => {
        fc.pre(!names.has(option));
        expect(refusal({ coats: 1, [option]: 1 })).toMatchObject({
          code: "OPTION_UNKNOWN",
          option: option.slice(0, optionNameCharsMax).replace(/\p{Surrogate}/gu, "\ufffd"),
        });
      }),
      { numRuns: runs(200) },
    );
  });
});

describe("optionNames", () => {
  test("are those of the type, all of them", () => {
    // @ts-expect-error: `signal` is left out
    optionNames<Paint>({ colour: true, coats: true });
    // @ts-expect-error: there is no `brush`
    optionNames<Paint>({ colour: true, coats: true, signal: true, brush: true });
    expectTypeOf(optionNames<{ a: 1 } | { b: 2 }>({ a: true, b: true })).toEqualTypeOf<OptionNames<"a" | "b">>();
    // @ts-expect-error: these are the names of other options
    expect(() => takeOptions<{ brush?: 1 }>({ brush: 1 }, names, "paint")).toThrow();
    expect(names.all).toEqual(["colour", "coats", "signal"]);
  });
});

describe("copiedList", () => {
  test("copies by index, whatever the array inherits or has besides", () => {
    const list = Object.assign([1, 2, 3], { [Symbol.iterator]: () => [9][Symbol.iterator](), map: () => [9] });
    const copy = copiedList(list, 3);
    expect(copy).toEqual([1, 2, 3]);
    list[0] = 9;
    expect(copy?.[0]).toBe(1);
    expect(Object.getPrototypeOf(copy)).toBe(Array.prototype);
  });

  test("reads a hole as undefined", () => {
    // biome-ignore lint/suspicious/noSparseArray: that is what is tested
    expect(copiedList([1, , 3], 3)).toEqual([1, undefined, 3]);
  });

  test.each([undefined, null, {}, { length: 1, 0: 1 }, "abc", new Uint8Array(2), new Set([1]), [1, 2, 3, 4]])(
    "gives nothing for %j",
    (value) => {
      expect(copiedList(value, 3)).toBeUndefined();
    },
  );
});
