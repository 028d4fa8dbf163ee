/** Writing: what is taken, what is refused, with zod's issues; and how a patch applies. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { isTenantryError, type RecordIssue } from "../../lib/errors/index.js";
import { entity, modelOf } from "../../lib/schema/index.js";

const City = entity("city", {
  version: 1,
  schema: z.object({
    id: z.int(),
    name: z.string().min(1),
    mayor: z.string().optional(),
    population: z.number().default(0),
    founded: z.codec(z.string(), z.date(), { decode: (iso) => new Date(iso), encode: (date) => date.toISOString() }),
    at: z.object({ lat: z.number(), lon: z.number() }).optional(),
  }),
  id: ["id"],
});
const model = modelOf(City);
const paris = model.parse({ id: 1, name: "Paris", founded: "0200-01-01T00:00:00.000Z", mayor: "A" });

function issuesOf(run: () => unknown): readonly RecordIssue[] {
  try {
    run();
  } catch (error) {
    if (isTenantryError(error, "RECORD_INVALID")) return error.details.issues;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("parse", () => {
  test("takes zod's input and gives its output", () => {
    expect(paris).toStrictEqual({
      id: 1,
      name: "Paris",
      mayor: "A",
      population: 0,
      founded: new Date("0200-01-01T00:00:00.000Z"),
    });
  });

  test("refuses with the issues of all fields", () => {
    const issues = issuesOf(() =>
      model.parse({ id: 1.5, name: "", population: Number.NaN, founded: "0200-01-01T00:00:00Z" }),
    );
    expect(issues.map(({ path }) => path)).toEqual([["id"], ["name"], ["population"]]);
    for (const input of [undefined, null, 7, "x", []]) expect(issuesOf(() => model.parse(input))).toHaveLength(1);
  });
});

test("more values than a transaction takes are refused before the schema goes through them", () => {
  const Tagged = modelOf(
    entity("tagged", {
      version: 1,
      schema: z.object({ id: z.int(), tags: z.array(z.unknown()), any: z.unknown() }),
      id: ["id"],
    }),
  );
  const endless: unknown[] = [];
  endless.length = 2 ** 32 - 1;
  // Ten times ten, thirty times over: few objects, and more values than can be counted.
  let wide: unknown[] = [0];
  for (let level = 0; level < 30; level++) wide = Array.from({ length: 10 }, () => wide);
  for (const [record, path] of [
    [{ id: 1, tags: endless }, ["tags"]],
    [{ id: 1, tags: [], any: { deep: endless } }, ["any", "deep"]],
    [{ id: 1, tags: wide }, expect.arrayContaining(["tags", "0"])],
  ] as const) {
    for (const write of [() => Tagged.parse(record), () => Tagged.copyPatch(record)]) {
      expect(issuesOf(write)).toEqual([expect.objectContaining({ code: "too_big", path })]);
    }
  }
});

describe("parse, of a record of another class", () => {
  class Given {
    id = 1;
    name = "Paris";
    when: unknown;
    constructor(when: unknown) {
      this.when = when;
    }
  }
  const Dated = modelOf(
    entity("dated", { version: 1, schema: z.object({ id: z.int(), name: z.string(), when: z.date() }), id: ["id"] }),
  );

  test("refuses a value in it that is not what its class says", () => {
    const date = (getTime: unknown): Date => Object.defineProperty(new Date(5), "getTime", { value: getTime });
    for (const when of [date(undefined), date("no function"), Object.create(Date.prototype)]) {
      expect(issuesOf(() => Dated.parse(new Given(when)))).toHaveLength(1);
    }
    expect(Dated.parse(new Given(date(() => 7)))).toStrictEqual({ id: 1, name: "Paris", when: new Date(5) });
  });

  test("gives on what a getter of it throws", () => {
    const own = new RangeError("thrown by a getter");
    const given = Object.defineProperty(new Given(new Date(5)), "name", {
      get: () => {
        throw own;
      },
    });
    expect(() => Dated.parse(given)).toThrow(own);
  });
});

describe("check", () => {
  test("takes a record as it was read", () => {
    expect(model.check({ ...paris, name: "Lutèce" })).toStrictEqual({ ...paris, name: "Lutèce" });
  });

  test("refuses a changed record that does not fit", () => {
    expect(issuesOf(() => model.check({ ...paris, name: "" }))[0]?.path).toEqual(["name"]);
    expect(issuesOf(() => model.check({ ...paris, founded: "2020" }))[0]?.path).toEqual(["founded"]);
    expect(issuesOf(() => model.check(undefined))).toHaveLength(1);
  });
});

describe("patch", () => {
  test("replaces whole fields and keeps the rest", () => {
    const placed = model.patch(paris, { at: { lat: 1, lon: 2 }, founded: "2000-01-01T00:00:00.000Z" });
    expect(placed).toStrictEqual({ ...paris, at: { lat: 1, lon: 2 }, founded: new Date("2000-01-01T00:00:00.000Z") });
    expect(issuesOf(() => model.patch(placed, { at: { lat: 3 } }))[0]?.path).toEqual(["at", "lon"]);
  });

  test("removes an optional field by undefined, and resets one with a default", () => {
    const { mayor: _, ...rest } = paris;
    expect(model.patch(paris, { mayor: undefined })).toStrictEqual(rest);
    expect(model.patch({ ...paris, population: 5 }, { population: undefined })).toStrictEqual(paris);
    expect(issuesOf(() => model.patch(paris, { name: undefined }))[0]?.path).toEqual(["name"]);
  });

  test("refuses fields the entity does not have, and those of the id", () => {
    expect(issuesOf(() => model.patch(paris, { nmae: "x" }))).toEqual([
      { code: "unrecognized_keys", path: ["nmae"], message: expect.any(String) },
    ]);
    expect(issuesOf(() => model.patch(paris, { id: 1 }))[0]?.code).toBe("id_field");
    expect(issuesOf(() => model.patch(paris, JSON.parse('{"__proto__":{"admin":true}}')))[0]?.code).toBe(
      "unrecognized_keys",
    );
  });
});
