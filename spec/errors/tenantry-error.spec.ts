/** Errors: their classes, how they are recognised, and what is written of them. */
import { inspect } from "node:util";
import { describe, expect, expectTypeOf, test, vi } from "vitest";
import {
  catalogue,
  type ErrorCode,
  isTenantryError,
  TenantryError,
  TenantryTypeError,
  tenantryError,
} from "../../lib/errors/index.js";

/** A second copy of the module, as a duplicate install gives. */
async function secondCopy(): Promise<typeof import("../../lib/errors/index.js")> {
  vi.resetModules();
  return await import("../../lib/errors/index.js");
}

const codes = Object.keys(catalogue) as ErrorCode[];

describe("tenantryError", () => {
  test("makes the class that the family asks for", () => {
    const missing = tenantryError("RECORD_NOT_FOUND", { entity: "city", id: "1" });
    expect(missing).toBeInstanceOf(TenantryError);
    expect(missing).not.toBeInstanceOf(TypeError);
    expect(missing).toMatchObject({ name: "TenantryError", code: "RECORD_NOT_FOUND", family: "missing" });
    const misuse = tenantryError("TRANSACTION_NESTED", {});
    expect(misuse).toBeInstanceOf(TypeError);
    expect(misuse).toBeInstanceOf(TenantryTypeError);
    expect(misuse).toMatchObject({ name: "TenantryTypeError", code: "TRANSACTION_NESTED", family: "usage" });
  });

  test("has a constant message, with the values beside it", () => {
    const error = tenantryError("KEY_TOO_LARGE", { bytes: 5_000, keyBytesMax: 1_900 });
    expect(error.message).toBe("The key is too large.");
    expect(error.details).toEqual({ bytes: 5_000, keyBytesMax: 1_900 });
  });

  test("tells of a caller's bug what of its definitions it is about, on one line", () => {
    const message = (path: string, reason: string): string =>
      tenantryError("ENTITY_INVALID", { entity: "city", path, reason }).message;
    expect(message("id[0]", "notRequired")).toBe(
      "The entity cannot be defined like this (entity: city; path: id[0]; reason: notRequired, a field of the id is required: neither optional, nor nullable, nor with a default).",
    );
    expect(message("", "no word")).toBe("The entity cannot be defined like this (entity: city; reason: no word).");
    expect(message("schema.a\nb\u2028c\u202ed\ud800", "class")).toContain("path: schema.a\ufffdb\ufffdc\ufffdd\ufffd;");
    expect(message("x".repeat(500), "class").length).toBeLessThan(400);
    expect(tenantryError("DATABASE_OPTION_INVALID", { option: "roles", reason: "there is none" }).message).toBe(
      "An option of `open` is not valid (option: roles; reason: there is none).",
    );
    const changes = [{ entity: "city", kind: "required", name: "mayor", version: 1 }];
    expect(tenantryError("SCHEMA_INCOMPATIBLE", { changes }).message).toContain('"name":"mayor"');
  });

  test("has copies for details, which are what they were when it was made", () => {
    const path = ["a"];
    const date = new Date(5);
    const bytes = Uint8Array.of(1);
    const { details } = tenantryError("RECORD_NOT_FOUND", {
      entity: "city",
      id: [path, date, bytes, { path }],
    } as never);
    const told = [["a"], new Date(5), Uint8Array.of(1), { path: ["a"] }];
    path.push("b");
    date.setTime(6);
    bytes[0] = 2;
    expect(details).toEqual({ entity: "city", id: told });
  });

  test("tells the kind of what cannot be told", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    const fail = (): never => {
      throw new Error("asked");
    };
    const lying = { secret: 1, toJSON: fail, valueOf: fail };
    const cases: readonly (readonly [unknown, unknown])[] = [
      [new Proxy({}, { get: fail, ownKeys: fail, getPrototypeOf: fail }), "object"],
      [Object.create({ inherited: 1 }), "object"],
      [new WeakMap(), "object"],
      [function named() {}, "named"],
      [Symbol("s"), "Symbol(s)"],
      [lying, { secret: 1, toJSON: "fail", valueOf: "fail" }],
      [cycle, [[[[["object"]]]]]],
      [Array.from({ length: 5_000 }, () => 1), Array.from({ length: 1_000 }, () => 1)],
      [JSON.parse('{"__proto__": {"a": 1}}'), JSON.parse('{"__proto__": {"a": 1}}')],
    ];
    for (const [given, told] of cases) {
      const { message, details } = tenantryError("QUERY_INVALID", { entity: "city", index: given } as never);
      expect(details).toEqual({ entity: "city", index: told });
      expect(message).toBeTypeOf("string");
    }
  });

  test("tells no details of what comes from outside", () => {
    for (const code of codes)
      expect(catalogue[code].told.length === 0 || catalogue[code].family === "usage").toBe(true);
  });

  test.each(codes)("%s is an error of its family, with a sentence for a message", (code) => {
    const error = tenantryError(code, {} as never);
    expect(error).toBeInstanceOf(catalogue[code].family === "usage" ? TypeError : TenantryError);
    expect(error.family).toBe(catalogue[code].family);
    expect(error.message).toMatch(/^[A-Z].*\.$/);
    expect(code).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/);
  });
});

describe("isTenantryError", () => {
  const error: unknown = tenantryError("KEY_TOO_LARGE", { bytes: 2, keyBytesMax: 1 });

  test("narrows code and details", () => {
    expect.assertions(2);
    if (isTenantryError(error, "KEY_TOO_LARGE")) {
      expectTypeOf(error.details.bytes).toEqualTypeOf<number>();
      expectTypeOf(error.code).toEqualTypeOf<"KEY_TOO_LARGE">();
      expect(error.details.bytes).toBe(2);
    }
    if (isTenantryError(error, "KEY_TOO_LARGE", "RECORD_NOT_FOUND")) {
      expectTypeOf(error.code).toEqualTypeOf<"KEY_TOO_LARGE" | "RECORD_NOT_FOUND">();
      expect(error.code).toBe("KEY_TOO_LARGE");
    }
  });

  test("tells codes and foreign values apart", () => {
    expect(isTenantryError(error)).toBe(true);
    expect(isTenantryError(error, "RECORD_NOT_FOUND")).toBe(false);
    for (const foreign of [new Error("x"), new TypeError("x"), { code: "KEY_TOO_LARGE" }, "KEY_TOO_LARGE", null]) {
      expect(isTenantryError(foreign)).toBe(false);
      expect(isTenantryError(foreign, "KEY_TOO_LARGE")).toBe(false);
    }
    expect(isTenantryError(undefined)).toBe(false);
  });

  test("works across duplicate installs, both ways", async () => {
    const other = await secondCopy();
    expect(other.TenantryError).not.toBe(TenantryError);
    const theirs: unknown = other.tenantryError("RECORD_NOT_FOUND", { entity: "city", id: "1" });
    const misuse: unknown = other.tenantryError("TRANSACTION_NESTED", {});
    expect(theirs instanceof TenantryError).toBe(false);
    expect(isTenantryError(theirs, "RECORD_NOT_FOUND") && theirs.details.id).toBe("1");
    expect(isTenantryError(misuse, "TRANSACTION_NESTED")).toBe(true);
    expect(other.isTenantryError(error, "KEY_TOO_LARGE")).toBe(true);
  });
});

describe("what is written of an error", () => {
  const secret = new Error("secret of another tenant");

  test("has no cause in JSON, of either class", () => {
    const missing = tenantryError("RECORD_NOT_FOUND", { entity: "city", id: "1" }, { cause: secret });
    expect(JSON.parse(JSON.stringify(missing))).toEqual({
      code: "RECORD_NOT_FOUND",
      message: "There is no such record.",
      details: { entity: "city", id: "1" },
    });
    const misuse = tenantryError("TRANSACTION_NESTED", {}, { cause: secret });
    expect(JSON.stringify({ error: misuse })).not.toContain("secret");
    expect(Object.keys(missing)).not.toContain("cause");
  });

  test("keeps the cause for logs", () => {
    const error = tenantryError("TRANSACTION_NESTED", {}, { cause: secret });
    expect(error.cause).toBe(secret);
    expect(inspect(error)).toContain("secret");
  });
});
