/** Roles as a policy: what is allowed, by which role, and which definitions are refused. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { allow, forbid, roles } from "../../lib/access/index.js";
import { memory } from "../../lib/engine/index.js";
import { isTenantryError } from "../../lib/errors/index.js";
import { open } from "../../lib/open.js";
import { entity } from "../../lib/schema/index.js";
import { newTenantId, tenantContext } from "../../lib/tenant/index.js";
import { Note, note, Plain, policy } from "./notes.js";

const context = (...names: string[]) => tenantContext({ tenant: newTenantId(), subject: "u1", roles: names });
const codeOf = (work: () => unknown): string | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    return isTenantryError(error) ? error.code : String(error);
  }
};

describe("roles", () => {
  test("allow nothing that they do not name", () => {
    expect(policy.right(context(), "note", "read")).toBe(false);
    expect(policy.right(context("reader"), "note", "read")).toBe(true);
    expect(policy.right(context("reader"), "note", "update")).toBe(false);
    expect(policy.right(context("reader"), "plain", "read")).toBe(false);
    expect(policy.right(context("Reader", "reader "), "note", "read")).toBe(false);
    expect(policy.right(context("toString", "__proto__", "constructor"), "note", "read")).toBe(false);
    expect(policy.right(context("reader"), "#members", "read")).toBe(false);
    expect(policy.right(context("administrator"), "#members", "delete")).toBe(true);
  });

  test("of an entity that is called all are of that one alone", () => {
    const All = entity("all", { version: 1, schema: z.object({ id: z.int() }), id: ["id"] });
    const some = roles({ a: [allow("manage", All)] });
    expect(some.right(context("a"), "all", "read")).toBe(true);
    for (const other of ["note", "plain", "#members", "#sessions"]) {
      expect(some.right(context("a"), other, "read")).toBe(false);
    }
    expect(policy.right(context("administrator"), "all", "read")).toBe(true);
    expect(policy.right(context("reader"), "all", "read")).toBe(false);
  });

  test("add up", () => {
    expect(policy.right(context("reader", "author"), "note", "read")).toBe(true);
    const right = policy.right(context("author", "box"), "note", "update");
    expect(typeof right === "function" && [right(note(1, "u1")), right(note(1, "u2"))]).toEqual([true, false]);
  });

  test("the last permission about a record decides", () => {
    const permissions = [allow("read", Note), forbid("read", Note), allow("read", Note, { where: { author: "u1" } })];
    const right = roles({ a: permissions }).right(context("a"), "note", "read");
    expect(typeof right === "function" && [right(note(1, "u1")), right(note(1, "u2"))]).toEqual([true, false]);
    expect(roles({ a: [...permissions, forbid("manage", "all")] }).right(context("a"), "note", "read")).toBe(false);
  });

  test("conditions compare as they say", () => {
    const seen = (where: Parameters<typeof allow<typeof Note>>[2]): number[] => {
      const right = roles({ a: [allow("read", Note, where)] }).right(context("a"), "note", "read");
      const records = [
        note(1, "u1"),
        { ...note(2, "u2", "public"), sealed: true },
        { ...note(3, "u3"), readers: ["u1", "u7"] },
      ];
      return records.filter((record) => (typeof right === "function" ? right(record) : right)).map(({ id }) => id);
    };
    expect(seen({})).toEqual([1, 2, 3]);
    expect(seen({ where: {} })).toEqual([1, 2, 3]);
    expect(seen({ where: ({ subject }) => ({ author: subject }) })).toEqual([1]);
    expect(seen({ where: { author: { $in: ["u1", "u3"] }, id: { $gt: 1 } } })).toEqual([3]);
    expect(seen({ where: { author: { $ne: "u1" } } })).toEqual([2, 3]);
    expect(seen({ where: { author: { $nin: ["u1", "u2"] } } })).toEqual([3]);
    expect(seen({ where: { id: { $gte: 2, $lt: 3 } } })).toEqual([2]);
    expect(seen({ where: { id: { $lte: 1 } } })).toEqual([1]);
    expect(seen({ where: { sealed: { $exists: false } } })).toEqual([1, 3]);
    expect(seen({ where: { sealed: true } })).toEqual([2]);
    expect(seen({ where: { sealed: { $ne: true } } })).toEqual([1, 3]);
    expect(seen({ where: ({ subject }) => ({ readers: subject }) })).toEqual([3]);
    expect(seen({ where: { readers: { $in: ["u7"] } } })).toEqual([3]);
  });

  test("what cannot be meant is refused", () => {
    expect(codeOf(() => allow("write" as never, Note))).toBe("ROLES_INVALID");
    expect(codeOf(() => allow([], Note))).toBe("ROLES_INVALID");
    expect(codeOf(() => allow("read", "all", { where: {} }))).toBe("ROLES_INVALID");
    expect(codeOf(() => roles({ "": [] }))).toBe("ROLES_INVALID");
  });

  test("of an entity that the database does not have are refused when it is opened", async () => {
    const opening = open({ engine: memory(), entities: [Plain], roles: policy });
    await expect(opening).rejects.toMatchObject({ code: "DATABASE_OPTION_INVALID", details: { option: "roles" } });
  });
});
