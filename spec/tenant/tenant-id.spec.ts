/** Tenant ids: one canonical form in, the same out, as text and as bytes. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { isTenantryError } from "../../lib/errors/index.js";
import { isTenantId, newTenantId, parseTenantId, tenantIdBytes, tenantIdFromBytes } from "../../lib/tenant/index.js";
import { runs } from "../runs.js";

const id = "3f2b8c1e-9a4d-4e6f-8b1a-0123456789ab";

const reason = (fn: () => unknown): string | undefined => {
  try {
    fn();
  } catch (error) {
    if (isTenantryError(error, "TENANT_ID_INVALID")) return error.details.reason;
    throw error;
  }
  return undefined;
};

test("round trip: text and bytes", () => {
  fc.assert(
    fc.property(fc.uuid({ version: 4 }), fc.nat(20), (text, offset) => {
      const parsed = parseTenantId(text);
      expect(parsed).toBe(text);
      const bytes = tenantIdBytes(parsed);
      expect(Buffer.from(bytes).toString("hex")).toBe(text.replaceAll("-", ""));
      expect(tenantIdFromBytes(bytes)).toBe(text);
      expect(tenantIdFromBytes(Buffer.concat([Buffer.alloc(offset), bytes, Buffer.alloc(3)]), offset)).toBe(text);
    }),
    { numRuns: runs(200) },
  );
});

test("new ids are ids, and differ", () => {
  const ids = Array.from({ length: 100 }, newTenantId);
  expect(ids.every(isTenantId)).toBe(true);
  expect(new Set(ids).size).toBe(100);
});

test.each<[string, unknown, string]>([
  ["uppercase", id.toUpperCase(), "notCanonical"],
  ["one uppercase digit", id.replace("e", "E"), "notCanonical"],
  ["braces", `{${id}}`, "notCanonical"],
  ["urn", `urn:uuid:${id}`, "notCanonical"],
  ["no hyphens", id.replaceAll("-", ""), "notCanonical"],
  ["hyphens elsewhere", "3f2b8c1-e9a4d-4e6f-8b1a-0123456789ab", "notCanonical"],
  ["a space before", ` ${id}`, "notCanonical"],
  ["a line end after", `${id}\n`, "notCanonical"],
  ["a zero byte", `${id.slice(0, -1)}\0`, "notCanonical"],
  ["a digit that looks alike", id.replace("0", "\u0660"), "notCanonical"],
  ["too short", id.slice(1), "notCanonical"],
  ["empty", "", "notCanonical"],
  ["nil", "00000000-0000-0000-0000-000000000000", "notVersion4"],
  ["max", "ffffffff-ffff-ffff-ffff-ffffffffffff", "notVersion4"],
  ["version 1", id.replace("-4e", "-1e"), "notVersion4"],
  ["version 7", id.replace("-4e", "-7e"), "notVersion4"],
  ["another variant", id.replace("-8b", "-cb"), "notVersion4"],
  ["variant below", id.replace("-8b", "-7b"), "notVersion4"],
  ["a number", 5, "notText"],
  ["undefined", undefined, "notText"],
  ["a String object", Object(id), "notText"],
  ["an array of one id", [id], "notText"],
])("refuses %s", (_, value, expected) => {
  expect(isTenantId(value)).toBe(false);
  expect(reason(() => parseTenantId(value))).toBe(expected);
});

test("every variant of version 4 is taken", () => {
  for (const variant of "89ab") expect(isTenantId(id.replace("-8b", `-${variant}b`))).toBe(true);
});

test("bytes that are no id are refused", () => {
  const bytes = tenantIdBytes(parseTenantId(id));
  expect(reason(() => tenantIdFromBytes(bytes.subarray(1)))).toBe("notSixteenBytes");
  expect(reason(() => tenantIdFromBytes(bytes, 1))).toBe("notSixteenBytes");
  expect(reason(() => tenantIdFromBytes(new Uint8Array(16)))).toBe("notVersion4");
  expect(reason(() => tenantIdFromBytes(new Uint8Array(16).fill(255)))).toBe("notVersion4");
});

test("the error does not repeat the text", () => {
  try {
    parseTenantId("secret-looking-text");
    expect.unreachable();
  } catch (error) {
    expect(JSON.stringify(error) + String(error)).not.toContain("secret");
  }
});
