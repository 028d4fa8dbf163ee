/** The records of a run: some of them collide in what is unique, and all are the entity's. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { entity, modelOf } from "../../lib/schema/index.js";
import { recordSet } from "../../lib/testing/generate/records/record-set.js";
import { runs } from "../runs.js";

const schema = z.object({ id: z.int(), at: z.object({ mail: z.email() }), name: z.string(), n: z.int().optional() });
const Plain = entity("plain", { version: 1, schema, id: ["id"], indexes: { byMail: { fields: ["at.mail"] } } });
const Unique = entity("unique", {
  version: 1,
  schema,
  id: ["id"],
  indexes: { byMail: { fields: ["at.mail", "n"], unique: true } },
});
// Alike in the unique field alone, a record of it would be refused.
const Paired = entity("paired", {
  version: 1,
  schema: z.object({ id: z.int(), a: z.int(), b: z.int() }).refine(({ a, b }) => a === b),
  id: ["id"],
  indexes: { byA: { fields: ["a"], unique: true } },
});

/** Pairs of records of one set that differ in their id and have the same in a unique index. */
const collisions = (made: typeof Plain | typeof Unique): number => {
  const model = modelOf(made);
  const sets = fc.sample(recordSet(fc, made, 5), { numRuns: 100, seed: 7 });
  return sets.filter((inputs) => {
    const records = inputs.map((input) => model.parse(input));
    const mails = records.map(({ id, at }) => [id, at.mail] as const);
    return mails.some(([id, mail], index) => mails.slice(index + 1).some(([i, m]) => i !== id && m === mail));
  }).length;
};

describe("records of a run", () => {
  test("collide now and then where an index is unique, and hardly ever where none is", () => {
    expect(collisions(Unique)).toBeGreaterThan(50);
    expect(collisions(Plain)).toBe(0);
  });

  test.each([Plain, Unique])("are what $name takes, one to five", (made) => {
    const model = modelOf(made);
    fc.assert(
      fc.property(recordSet(fc, made, 5), (inputs) => {
        expect(inputs.length).toBeGreaterThanOrEqual(1);
        expect(inputs.length).toBeLessThanOrEqual(5);
        for (const input of inputs) model.encodeId(model.idOf(model.parse(input)));
      }),
      { numRuns: runs(30) },
    );
  });

  test("made by hand stay as they were made where a mixture is no record", () => {
    const model = modelOf(Paired);
    const property = fc.property(
      recordSet(fc, Paired, 4, (n) => ({ id: n, a: n, b: n })),
      (inputs) => {
        for (const input of inputs) expect(model.parse(input).a).toBe(model.parse(input).b);
      },
    );
    fc.assert(property, { numRuns: runs(50) });
  });
});
