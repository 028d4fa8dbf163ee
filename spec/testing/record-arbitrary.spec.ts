/** Records from schemas: for every type and format, the generator makes what the entity takes. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type AnyEntity, entity, modelOf } from "../../lib/schema/index.js";
import { recordArbitrary } from "../../lib/testing/generate/records/record-arbitrary.js";
import { randomEntity } from "../isolation/random-entity.js";
import { runs } from "../runs.js";

const tree = z.object({
  name: z.string(),
  get children() {
    return z.array(tree);
  },
});

const schemas: Readonly<Record<string, z.ZodType>> = {
  base64: z.base64(),
  "bigint above": z.bigint().positive(),
  "bigint steps": z.bigint().multipleOf(7n),
  bytes: z.instanceof(Uint8Array),
  codec: z.codec(z.iso.datetime(), z.date(), { decode: (text) => new Date(text), encode: (at) => at.toISOString() }),
  "date after": z.date().min(new Date("2020-01-01")),
  "date text": z.iso.date(),
  datetime: z.iso.datetime(),
  discriminated: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("a"), a: z.int() }),
    z.object({ kind: z.literal("b"), b: z.string() }),
  ]),
  duration: z.iso.duration(),
  email: z.email(),
  "email check": z.string().email(),
  emoji: z.emoji(),
  exact: z.string().length(4),
  "few items": z.array(z.int()).min(2).max(3),
  hostname: z.hostname(),
  int32: z.int32(),
  int64: z.int64(),
  intersection: z.intersection(z.object({ a: z.int() }), z.object({ b: z.string() })),
  ipv4: z.ipv4(),
  ipv6: z.ipv6(),
  json: z.json(),
  literal: z.literal(["x", 1, true]),
  map: z.map(z.string(), z.date()),
  multiples: z.number().multipleOf(0.5),
  "narrow number": z.number().gt(3).lt(4),
  nullable: z.nullable(z.string()),
  prefix: z.string().startsWith("ab").max(20),
  readonly: z.array(z.string()).readonly(),
  record: z.record(z.string(), z.int()),
  regex: z.string().regex(/^[A-Z]{3}-\d+$/),
  set: z.set(z.int()).min(1),
  template: z.templateLiteral(["a", z.int()]),
  time: z.iso.time(),
  tree,
  tuple: z.tuple([z.int(), z.string()]),
  ulid: z.ulid(),
  url: z.url(),
  uuid: z.uuid(),
};

const of = (schema: z.ZodType): AnyEntity =>
  entity("any", { version: 1, schema: z.object({ id: z.int(), field: schema }), id: ["id"] });

describe("records are made for", () => {
  test.each(Object.keys(schemas))("%s", (name) => {
    const made = of(schemas[name] ?? z.never());
    const model = modelOf(made);
    for (const record of fc.sample(recordArbitrary(fc, made), 20)) expect(() => model.parse(record)).not.toThrow();
  });

  test("random entities", () => {
    fc.assert(
      fc.property(randomEntity("any"), (made) => {
        const model = modelOf(made);
        for (const record of fc.sample(recordArbitrary(fc, made), 3)) model.parse(record);
      }),
      { numRuns: runs(60) },
    );
  });
});

test("a schema that nothing satisfies is said to be one, and a maker helps", () => {
  const Odd = of(z.string().refine((text) => text === "exactly this"));
  const details = { entity: "any", reason: "the schema's checks refuse what is generated" };
  expect(() => recordArbitrary(fc, Odd)).toThrow(expect.objectContaining({ code: "TEST_RECORDS_MISSING", details }));
  const made = recordArbitrary(fc, Odd, (n) => ({ id: n, field: "exactly this" }));
  expect(fc.sample(made, 3)).toHaveLength(3);
});
