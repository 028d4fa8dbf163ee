/** What is internal to the library cannot be given to it: not as an option, and not through a prototype. */
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { entity, memory, open, type Tenant, type TenantId } from "../../lib/index.js";
import { codeOf } from "../transaction/fixture.js";

const Note = entity("note", { version: 1, schema: z.object({ id: z.int(), text: z.string() }), id: ["id"] });

async function stage() {
  const plans = { few: { rates: { calls: { perMinute: 2 } } }, none: {} };
  const db = await open({ engine: memory(), entities: [Note], quotas: { plans }, audit: {} });
  const tenant = async (plan: string): Promise<Tenant> =>
    db.tenant((await db.tenants.provision({ name: "Acme", plan })).id);
  const said = async (id: TenantId) => {
    const entries = [];
    for await (const entry of db.audit.entries(id)) entries.push(entry);
    return entries;
  };
  return { db, tenant, said, [Symbol.asyncDispose]: () => db.close() };
}

/** A caller's object, whatever the types say. */
const given = (options: object): never => options as never;

const polluted: string[] = [];
function pollute(name: string, value: unknown): void {
  polluted.push(name);
  Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
}
afterEach(() => {
  for (const name of polluted.splice(0)) Reflect.deleteProperty(Object.prototype, name);
});

/** Every way in which a tenant's code writes or reads. */
const ways = (tenant: Tenant, options: never): readonly (readonly [string, () => Promise<unknown>])[] => [
  ["transact", () => tenant.transact((tx) => tx.repository(Note).put({ id: 1, text: "a" }), options)],
  ["read", () => tenant.read((tx) => tx.repository(Note).get(1), options)],
  ["put", () => tenant.repository(Note).put({ id: 1, text: "a" }, options)],
  ["get", () => tenant.repository(Note).get(1, options)],
  ["list", () => tenant.repository(Note).list(options)],
  ["transform", () => tenant.repository(Note).transform({}, (note) => ({ ...note, text: "b" }), options)],
];

describe("the engine's own transaction", () => {
  test("is not handed out by `join`, given or inherited", async () => {
    await using on = await stage();
    const tenant = await on.tenant("none");
    const joined: unknown[] = [];
    const join = (engine: unknown): void => void joined.push(engine);
    await expect(tenant.transact(async () => {}, given({ join }))).rejects.toMatchObject({
      code: "OPTION_UNKNOWN",
      details: { of: "transact", option: "join" },
    });
    pollute("join", join);
    await tenant.transact((tx) => tx.repository(Note).put({ id: 1, text: "a" }));
    await tenant.transact((tx) => tx.repository(Note).put({ id: 1, text: "b" }), {});
    for (const [, way] of ways(tenant, undefined as never)) await way();
    expect(joined).toEqual([]);
  });
});

describe("an operator", () => {
  test("is nobody who says so: neither lets it into a suspended tenant nor signs the audit", async () => {
    await using on = await stage();
    const tenant = await on.tenant("none");
    const claims = { operator: "ceo", context: { tenant: tenant.id, subject: "ceo", roles: ["owner"] } };
    await tenant.repository(Note).put({ id: 1, text: "a" });
    for (const [name, value] of Object.entries(claims)) {
      for (const method of ["transact", "read"] as const) {
        expect(await codeOf(tenant[method](async () => {}, given({ [name]: value })))).toBe("OPTION_UNKNOWN");
      }
      pollute(name, value);
    }
    for (const [, way] of ways(tenant, given({}))) await way();
    const entries = await on.said(tenant.id);
    expect(entries.length).toBeGreaterThan(2);
    expect(entries.filter(({ subject }) => subject !== undefined && subject !== "provisioning")).toEqual([]);
    await on.db.tenants.suspend(tenant.id);
    for (const options of [undefined as never, given({})]) {
      for (const [name, way] of ways(tenant, options)) {
        expect([name, await codeOf(way)]).toEqual([name, "TENANT_UNAVAILABLE"]);
      }
    }
    expect(await tenant.available()).toBe(false);
  });
});

describe("a call of the library's own", () => {
  test("is none that says so: it is counted like any other", async () => {
    await using on = await stage();
    const tenant = await on.tenant("few");
    for (const method of ["transact", "read"] as const) {
      expect(await codeOf(tenant[method](async () => {}, given({ own: true })))).toBe("OPTION_UNKNOWN");
    }
    pollute("own", true);
    const codes: (string | undefined)[] = [];
    for (let call = 0; call < 4; call++) codes.push(await codeOf(tenant.repository(Note).get(1)));
    expect(codes).toEqual([undefined, undefined, "QUOTA_EXCEEDED", "QUOTA_EXCEEDED"]);
  });
});

describe("terms of a call", () => {
  test("are not inherited", async () => {
    await using on = await stage();
    const tenant = await on.tenant("none");
    pollute("signal", AbortSignal.abort());
    pollute("attempts", -1);
    pollute("deadline", -1);
    pollute("priority", "high");
    pollute("idempotencyKey", "the same for all");
    pollute("label", { entity: "secret", operation: "secret" });
    for (const options of [undefined as never, given({})]) {
      for (const [, way] of ways(tenant, options)) await way();
    }
    await tenant.transact((tx) => tx.repository(Note).put({ id: 2, text: "first" }));
    await tenant.transact((tx) => tx.repository(Note).put({ id: 2, text: "second" }));
    expect(await tenant.repository(Note).get(2)).toEqual({ id: 2, text: "second" });
    expect(await on.db.tenants.get(tenant.id)).toMatchObject({ state: "active" });
  });

  test("are read once, and what changes later changes nothing", async () => {
    await using on = await stage();
    const tenant = await on.tenant("none");
    const reads: string[] = [];
    const lying = <T>(name: string, ...values: T[]) => ({
      enumerable: true,
      get: (): T | undefined => {
        reads.push(name);
        return values.length > 1 ? values.shift() : values[0];
      },
    });
    const label = Object.defineProperties({}, { entity: lying("entity", "a"), operation: lying("operation", "b") });
    const options = Object.defineProperties(
      {},
      {
        attempts: lying("attempts", 3, 0),
        deadline: lying("deadline", 1_000, -1),
        priority: lying("priority", "batch", "high"),
        idempotencyKey: lying("idempotencyKey", "k", ""),
        label: lying("label", label),
      },
    );
    await tenant.transact((tx) => tx.repository(Note).put({ id: 1, text: "a" }), given(options));
    expect(reads.sort()).toEqual(
      ["attempts", "deadline", "entity", "idempotencyKey", "label", "operation", "priority"].sort(),
    );
  });

  test.each([
    ["label.operation", { operation: "x".repeat(65) }],
    ["label.operation", { operation: "user 4711" }],
    ["label.entity", { entity: "" }],
    ["label.entity", { entity: 7 }],
  ])("name no data: %s of %j", async (option, label) => {
    await using on = await stage();
    const tenant = await on.tenant("none");
    await expect(tenant.transact(async () => {}, given({ label }))).rejects.toMatchObject({
      code: "TRANSACTION_OPTION_INVALID",
      details: { option },
    });
    expect(await codeOf(tenant.read(async () => {}, given({ label: { operaton: "a" } })))).toBe("OPTION_UNKNOWN");
  });
});
