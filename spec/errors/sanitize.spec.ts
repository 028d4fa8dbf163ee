/** What of an error may leave a service. */
import { describe, expect, test, vi } from "vitest";
import { catalogue, type ErrorCode, errorResponse, sanitize, tenantryError } from "../../lib/errors/index.js";

const codes = Object.keys(catalogue) as ErrorCode[];
const secret = "secret-of-another-tenant";

const internal = { code: "INTERNAL", message: "Something went wrong.", status: 500, details: {} };

describe("sanitize", () => {
  test("keeps what the requester may know", () => {
    const error = tenantryError("RECORD_NOT_FOUND", { entity: "city", id: "1" }, { cause: new Error(secret) });
    expect(sanitize(error)).toStrictEqual({
      code: "RECORD_NOT_FOUND",
      message: "There is no such record.",
      status: 404,
      details: { entity: "city", id: "1" },
    });
  });

  test.each(codes)("%s leaves as its family says", (code) => {
    const safe = sanitize(tenantryError(code, { secret } as never, { cause: new Error(secret) }));
    const { family } = catalogue[code];
    const status = {
      input: 400,
      missing: 404,
      conflict: 409,
      limit: 413,
      unauthenticated: 401,
      denied: 403,
      quota: 403,
    }[family as string];
    if (status !== undefined) {
      expect(safe).toStrictEqual({ code, message: catalogue[code].message, status, details: { secret } });
    } else {
      expect(JSON.stringify(safe)).not.toContain(secret);
      expect(safe.code).toBe(catalogue[code].family === "unavailable" ? "UNAVAILABLE" : "INTERNAL");
      expect(safe.status).toBe(catalogue[code].family === "unavailable" ? 503 : 500);
    }
  });

  test("an attempt to leave a tenant, a bug and corrupt data are one answer", () => {
    const fixed = [
      tenantryError("ISOLATION_VIOLATION", { operation: "get", reason: "keyOutside" }),
      tenantryError("TRANSACTION_NESTED", {}),
      tenantryError("TUPLE_BYTES_INVALID", { offset: 1, reason: "truncated" }),
    ];
    for (const error of fixed) expect(sanitize(error)).toStrictEqual(internal);
  });

  test("lets nothing out that a message tells of the program", () => {
    for (const code of codes) {
      const details = Object.fromEntries(catalogue[code].told.map((name) => [name, secret]));
      const error = tenantryError(code, details as never);
      if (catalogue[code].told.length > 0) expect(error.message).toContain(secret);
      expect(JSON.stringify(sanitize(error))).not.toContain(secret);
    }
  });

  test("gives foreign values a fixed text, and never throws", () => {
    const hostile = new Proxy(
      {},
      {
        has: () => true,
        get: () => {
          throw new Error(secret);
        },
      },
    );
    const getter = tenantryError("RECORD_NOT_FOUND", { entity: "city", id: "1" });
    Object.defineProperty(getter.details, "more", {
      enumerable: true,
      get: () => {
        throw new Error(secret);
      },
    });
    const values = [
      new Error(secret),
      new TypeError(secret),
      secret,
      null,
      undefined,
      5,
      { code: secret },
      hostile,
      getter,
    ];
    for (const value of values) expect(sanitize(value)).toStrictEqual(internal);
  });

  test("takes text and family from its own catalogue, not from the error", () => {
    const forged = tenantryError("RECORD_NOT_FOUND", { entity: "city", id: "1" });
    Object.defineProperty(forged, "message", { value: secret });
    Object.defineProperty(forged, "family", { value: "usage" });
    expect(sanitize(forged)).toMatchObject({ message: "There is no such record.", status: 404 });
    for (const code of ["NO_SUCH_CODE", "constructor", "__proto__"]) {
      const unknown = tenantryError("RECORD_NOT_FOUND", { entity: "city", id: "1" });
      Object.defineProperty(unknown, "code", { value: code });
      expect(sanitize(unknown)).toStrictEqual(internal);
    }
  });

  test("copies details that JSON can hold, and no more", () => {
    const details = {
      n: 5n,
      nan: Number.NaN,
      list: [1, () => 1, null],
      bytes: Uint8Array.of(1),
      date: new Date(),
      fn: () => 1,
      none: undefined,
      ["__proto__"]: { a: 1 },
      path: { to: { the: { issue: { deep: { deeper: { deepest: 1 }, n: 1 } } } } },
    };
    // As an error of another version of the package may have them.
    const having = (value: object): Error =>
      Object.defineProperty(tenantryError("RECORD_NOT_FOUND", {} as never), "details", { value });
    const safe = sanitize(having(details));
    expect(JSON.parse(JSON.stringify(safe.details))).toEqual(
      JSON.parse(
        '{"n":"5","nan":"NaN","list":[1,null,null],"__proto__":{"a":1},"path":{"to":{"the":{"issue":{"deep":{"n":1}}}}}}',
      ),
    );
    expect(Object.getPrototypeOf(safe.details)).toBe(Object.prototype);
    expect(sanitize(having([1])).details).toEqual({});
  });

  test("knows the errors of another copy of the package", async () => {
    vi.resetModules();
    const other = await import("../../lib/errors/index.js");
    const theirs = other.tenantryError("RECORD_NOT_FOUND", { entity: "city", id: "1" });
    expect(sanitize(theirs)).toMatchObject({ code: "RECORD_NOT_FOUND", status: 404 });
  });
});

describe("errorResponse", () => {
  test("is problem details", async () => {
    const response = errorResponse(
      tenantryError("REVISION_MISMATCH", { entity: "city", id: "1", expected: 1, actual: 2 }),
    );
    expect(response.status).toBe(409);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toEqual({
      type: "urn:tenantry:error:REVISION_MISMATCH",
      title: "The record has another revision than the one asked for.",
      status: 409,
      code: "REVISION_MISMATCH",
      details: { entity: "city", id: "1", expected: 1, actual: 2 },
    });
  });

  test("of a foreign error says nothing of it", async () => {
    const response = errorResponse(new Error(secret));
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain(secret);
  });
});
