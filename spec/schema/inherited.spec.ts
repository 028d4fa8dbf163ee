/** A record takes nothing from what all objects inherit, should somebody have put something there. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { entity, modelOf } from "../../lib/schema/index.js";

const User = entity("user", {
  version: 1,
  schema: z.object({
    id: z.int(),
    nick: z.string().optional(),
    role: z.string().default("guest"),
    at: z.object({ admin: z.boolean().optional() }).optional(),
    more: z.record(z.string(), z.any()).optional(),
  }),
  id: ["id"],
});
const model = modelOf(User);

/** Runs with a field that every object inherits. */
function polluted<T>(name: string, value: unknown, run: () => T): T {
  Object.defineProperty(Object.prototype, name, { value, enumerable: true, configurable: true, writable: true });
  try {
    return run();
  } finally {
    Reflect.deleteProperty(Object.prototype, name);
  }
}

/** What is stored of an input, put where every object inherits a field. */
const stored = (input: object, name: string, value: unknown): unknown => {
  const bytes = polluted(name, value, () => model.encodeRecord(model.parse(input), 1));
  return model.decodeRecord(bytes).record;
};

describe("a field that all objects inherit", () => {
  test.each([
    ["nick", "owned"],
    ["role", "admin"],
    ["at", { admin: true }],
    ["admin", true],
    ["more", { a: 1 }],
    ["stranger", 1],
  ])("%s is in no record", (name, value) => {
    expect(stored({ id: 1 }, name, value)).toStrictEqual({ id: 1, role: "guest" });
    expect(stored({ id: 1, role: "own", at: {}, more: { b: [{}] } }, name, value)).toStrictEqual({
      id: 1,
      role: "own",
      at: {},
      more: { b: [{}] },
    });
  });

  test("stands in for none that is missing", () => {
    expect(() => stored({}, "id", 7)).toThrow(expect.objectContaining({ code: "RECORD_INVALID" }));
    expect(() => polluted("id", 7, () => model.encodeRecord({} as never, 1))).toThrow(
      expect.objectContaining({ code: "VALUE_UNSUPPORTED", details: { path: [], reason: "missing" } }),
    );
  });
});
