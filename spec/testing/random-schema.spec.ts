/** Laws over schemas that draw lots or look at the time: defaults are no leak, and what cannot be compared is said. */
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { entity } from "../../lib/index.js";
import { isolationCases } from "../../lib/testing/index.js";
import { arrayEngine } from "../engine/array-engine.js";
import { runs } from "../runs.js";

const Task = entity("task", {
  version: 1,
  schema: z.object({
    id: z.uuid().default(() => randomUUID()),
    title: z.string(),
    at: z.date().default(() => new Date()),
    key: z.string().default(() => randomUUID()),
    inner: z.object({ token: z.string().default(() => randomUUID()), tags: z.array(z.string()).optional() }),
    list: z.array(z.object({ id: z.string().default(() => randomUUID()) })),
  }),
  id: ["id"],
  indexes: { byKey: { fields: ["key"], unique: true }, byAt: { fields: ["at"] } },
});

const engine = async () => arrayEngine();

describe("defaults that are random, or the time, are no leak:", () => {
  for (const { name, run } of isolationCases({ entities: [Task], engine, runs: runs(12), seed: 3 })) test(name, run);
});

test("a schema that makes something else of the same input is told apart from a leak, by entity and field", async () => {
  const Drawn = entity("drawn", {
    version: 1,
    schema: z.object({
      id: z.string(),
      lot: z.codec(z.string(), z.string(), { decode: (text) => `${text}${randomUUID()}`, encode: (text) => text }),
    }),
    id: ["id"],
  });
  for (const { run } of isolationCases({ entities: [Task, Drawn], engine, runs: 5 })) {
    const details = { entity: "drawn", field: "lot" };
    await expect(run()).rejects.toMatchObject({ code: "TEST_SCHEMA_RANDOM", details });
  }
});
