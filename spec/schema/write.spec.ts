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
