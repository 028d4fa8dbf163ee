/** The public query validator: it lets pass what stays in the tenant, and names what does not. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isTenantryError } from "../../lib/errors/index.js";
import { assertQuery, type TenantQuery, validateQuery } from "../../lib/guard/index.js";
import { Keyspace } from "../../lib/keyspace/index.js";
import { keyBytesMax, selectorOffsetMax } from "../../lib/limits/index.js";
import { newTenantId, parseTenantId } from "../../lib/tenant/index.js";
import {
  compareBytes,
  concatBytes,
  keyAfter,
  pack,
  packWithVersionstamp,
  strinc,
  versionstamp,
} from "../../lib/tuple/index.js";
import { runs } from "../runs.js";
import { bytes } from "../tuple/elements.js";

const id = parseTenantId("3f2b8c1e-9a4d-4e6f-8b1a-0123456789aa");
const other = parseTenantId("3f2b8c1e-9a4d-4e6f-8b1a-0123456789ab");
const range = new Keyspace().tenant(id);
const foreign = new Keyspace().tenant(other);
const key = range.absolute(pack(["city", 1]));

const faults = (query: unknown): string[] =>
  validateQuery(id, query as TenantQuery).map(({ part, reason }) => `${part}: ${reason}`);

const near = fc.oneof(
  bytes.map((rest) => range.absolute(rest)),
  bytes.map((rest) => foreign.absolute(rest)),
  bytes.map((rest) => concatBytes(range.end, rest)),
  fc.constantFrom(range.prefix, range.begin, range.end, foreign.begin, strinc(range.prefix)),
);

const inside = (bound: Uint8Array): boolean =>
  compareBytes(range.begin, bound) <= 0 && compareBytes(bound, range.end) < 0;

describe("validateQuery", () => {
  test("takes the keys of the tenant and no others", () => {
    fc.assert(
      fc.property(near, (bound) => {
        expect(faults({ key: bound })).toEqual(inside(bound) ? [] : ["key: outside"]);
      }),
      { numRuns: runs(300) },
    );
  });

  test("takes the ranges inside the tenant and no others", () => {
    fc.assert(
      fc.property(near, near, fc.boolean(), (begin, end, asSelectors) => {
        const bound = (at: Uint8Array): unknown => (asSelectors ? { key: at, orEqual: false, offset: 1 } : at);
        const expected: string[] = [];
        if (!inside(begin) && compareBytes(begin, range.end) !== 0) expected.push("begin: outside");
        if (!inside(end) && compareBytes(end, range.end) !== 0) expected.push("end: outside");
        if (expected.length === 0 && compareBytes(begin, end) > 0) expected.push("end: inverted");
        expect(faults({ begin: bound(begin), end: bound(end) })).toEqual(expected);
      }),
      { numRuns: runs(400) },
    );
  });

  test.each<[string, unknown, string[]]>([
    ["the whole tenant", { begin: range.begin, end: range.end }, []],
    ["a range to the strinc of the prefix", { begin: range.begin, end: strinc(range.prefix) }, ["end: outside"]],
    [
      "a range of everything",
      { begin: new Uint8Array(0), end: Uint8Array.of(0xff) },
      ["begin: outside", "end: outside"],
    ],
    ["a key too long", { key: range.absolute(new Uint8Array(keyBytesMax)) }, ["key: tooLarge"]],
    ["a bound too long", { begin: key, end: range.absolute(new Uint8Array(keyBytesMax).fill(9)) }, ["end: tooLarge"]],
    ["a selector past a key", { begin: { key, orEqual: true, offset: 1 }, end: range.end }, []],
    ["a selector past the end", { begin: key, end: { key: range.end, orEqual: true, offset: 1 } }, ["end: outside"]],
    ["a selector back", { begin: { key, orEqual: false, offset: 0 }, end: range.end }, ["begin: selectorWalks"]],
    ["a selector on", { begin: key, end: { key, orEqual: false, offset: 2 } }, ["end: selectorWalks"]],
    ["half a selector", { begin: { key }, end: range.end }, ["begin: selectorInvalid"]],
    ["a selector of text", { begin: { key: "a", orEqual: true, offset: 1 }, end: range.end }, ["begin: notBytes"]],
    ["a fraction", { selector: { key, orEqual: true, offset: 0.5 } }, ["selector: selectorInvalid"]],
    ["no orEqual", { selector: { key, orEqual: undefined, offset: 1 } }, ["selector: selectorInvalid"]],
    [
      "a far offset",
      { selector: { key, orEqual: true, offset: selectorOffsetMax + 1 } },
      ["selector: selectorInvalid"],
    ],
    ["a foreign selector", { selector: { key: foreign.begin, orEqual: true, offset: 0 } }, ["selector: outside"]],
    [
      "a long selector",
      { selector: { key: range.absolute(new Uint8Array(keyBytesMax)), orEqual: true, offset: 0 } },
      ["selector: tooLarge"],
    ],
    ["a selector that is none", { selector: null }, ["selector: selectorInvalid"]],
    ["text for a key", { key: "a" }, ["key: notBytes"]],
    ["a proxy for a key", { key: new Proxy(key, {}) }, ["key: notBytes"]],
    ["nothing for a bound", { begin: undefined, end: range.end }, ["begin: notBytes"]],
    ["no end", { begin: range.begin }, ["query: unknownQuery"]],
    ["no query", {}, ["query: unknownQuery"]],
    ["two queries in one", { key, selector: { key, orEqual: true, offset: 0 } }, ["query: unknownQuery"]],
    ["a query that is none", 5, ["query: unknownQuery"]],
    ["null", null, ["query: unknownQuery"]],
    ["nothing", undefined, ["query: unknownQuery"]],
  ])("%s", (_, query, expected) => {
    expect(faults(query)).toEqual(expected);
  });

  test("gives, for a selector, the read that stays inside", () => {
    const query = { selector: { key, orEqual: true, offset: 1 } };
    expect(validateQuery(id, query)).toEqual([
      {
        index: 0,
        part: "selector",
        reason: "selectorWalks",
        instead: { begin: keyAfter(key), end: range.end, limit: 1, reverse: false },
      },
    ]);
  });

  test("checks where a versionstamp goes", () => {
    const stamped = packWithVersionstamp([1, versionstamp()], range.prefix);
    const moved = (at: number): Uint8Array => {
      const copy = stamped.slice();
      new DataView(copy.buffer).setUint32(copy.length - 4, at, true);
      return copy;
    };
    expect(faults({ versionstampedKey: stamped })).toEqual([]);
    expect(faults({ versionstampedKey: moved(range.prefixLength + 1) })).toEqual([]);
    for (const at of [0, range.prefixLength - 5, range.prefixLength, stamped.length - 13, 0xffff_ffff]) {
      expect(faults({ versionstampedKey: moved(at) })).toEqual(["versionstampedKey: stampOutside"]);
    }
    const theirs = packWithVersionstamp([1, versionstamp()], foreign.prefix);
    expect(faults({ versionstampedKey: theirs })).toEqual(["versionstampedKey: outside"]);
    expect(faults({ versionstampedKey: range.begin })).toEqual(["versionstampedKey: outside"]);
    expect(faults({ versionstampedKey: "x" })).toEqual(["versionstampedKey: notBytes"]);
    const long = packWithVersionstamp([versionstamp(), "x".repeat(keyBytesMax)], range.absolute(pack([1])));
    expect(faults({ versionstampedKey: long })).toEqual(["versionstampedKey: tooLarge"]);
  });

  test("knows lists, and says which one is wrong", () => {
    const list: TenantQuery[] = [{ key }, { key: foreign.begin }, { key }, { begin: range.begin, end: foreign.end }];
    expect(validateQuery(id, list).map(({ index, part }) => [index, part])).toEqual([
      [1, "key"],
      [3, "end"],
    ]);
    expect(validateQuery(id, [])).toEqual([]);
    const sparse: TenantQuery[] = [];
    sparse[1] = { key };
    expect(validateQuery(id, sparse)).toEqual([{ index: 0, part: "query", reason: "unknownQuery" }]);
  });

  test("looks behind the root it is given", () => {
    const root = ["shop", 2];
    const shopKey = new Keyspace(root).tenant(id).absolute(pack(["city"]));
    expect(validateQuery(id, { key: shopKey }, { root })).toEqual([]);
    expect(validateQuery(id, { key: shopKey })).toHaveLength(1);
    expect(validateQuery(id, { key }, { root })).toHaveLength(1);
  });

  test("takes no tenant id but a tenant id", () => {
    expect(() => validateQuery("x" as never, { key })).toThrow(expect.objectContaining({ code: "TENANT_ID_INVALID" }));
  });
});

describe("assertQuery", () => {
  test("throws the first fault, and only then", () => {
    assertQuery(id, [{ key }]);
    try {
      assertQuery(id, [{ key }, { key: foreign.begin }]);
      expect.unreachable();
    } catch (error) {
      if (!isTenantryError(error, "ISOLATION_VIOLATION")) throw error;
      expect(error.details).toEqual({ operation: "validateQuery", reason: "outside" });
    }
    expect(() => assertQuery(newTenantId(), { key })).toThrow();
  });
});
