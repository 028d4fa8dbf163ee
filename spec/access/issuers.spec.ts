/** Several issuers: each speaks for its own tenants, and no subject of one is another's. */
import fc from "fast-check";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type JwtOptions, jwtVerifier } from "../../lib/access/index.js";
import { newTenantId, type TenantId } from "../../lib/tenant/index.js";
import { runs } from "../runs.js";
import { type Issuer, issuer } from "./issuer.js";

const [first, second] = ["https://id.example/a", "https://id.example/ab"];
const [tenant, foreign] = [newTenantId(), newTenantId()];

let one: Issuer;
let two: Issuer;
beforeAll(async () => {
  one = await issuer(first, tenant);
  two = await issuer(second, tenant);
});

const refused = { code: "TOKEN_INVALID" };

describe("subjects", () => {
  const sub = fc.oneof(
    fc.constantFrom("u1", " u1", "b u1", `@${first} u1`, `@${second} u1`, `@${first}`, "@", `${first} u1`),
    fc.string({ minLength: 1, maxLength: 12 }).filter((text) => !/\0|\p{Surrogate}/u.test(text)),
  );

  test.each(["plain", undefined] as const)("of two issuers are never one, the first's being %s", async (subjects) => {
    const verify = jwtVerifier([{ ...one.options, subjects }, two.options]);
    const subjectOf = async (from: Issuer, claim: string): Promise<string | undefined> =>
      verify(await from.token({ sub: claim })).then(
        ({ subject }) => subject,
        () => undefined,
      );
    await fc.assert(
      fc.asyncProperty(sub, sub, async (a, b) => {
        const [of, other] = [await subjectOf(one, a), await subjectOf(two, b)];
        expect(other).toBe(`@${second} ${b}`);
        expect(of).not.toBe(other);
        const isOne = a === b;
        expect((await subjectOf(two, a)) === other).toBe(isOne);
        if (subjects === undefined) expect(of).toBe(`@${first} ${a}`);
        else expect(of).toBe(a.startsWith("@") ? undefined : a);
      }),
      { numRuns: runs(60) },
    );
  });

  test("of a single issuer are what it says", async () => {
    for (const options of [one.options, [one.options], { ...one.options, subjects: "plain" } as const]) {
      const claim = `@${second} u1`;
      expect((await jwtVerifier(options)(await one.token({ sub: claim }))).subject).toBe(claim);
    }
  });

  test("are plain for one issuer at most, and told by a space that no other has", () => {
    const plain = (options: JwtOptions): JwtOptions => ({ ...options, subjects: "plain" });
    const spaced = { ...two.options, issuer: "my issuer" };
    const code = expect.objectContaining({ code: "AUTHENTICATOR_OPTION_INVALID" });
    expect(() => jwtVerifier([plain(one.options), plain(two.options)])).toThrow(code);
    expect(() => jwtVerifier([one.options, spaced])).toThrow(code);
    expect(() => jwtVerifier([])).toThrow(code);
    expect(() => jwtVerifier({ ...one.options, subjects: "issuer" as never })).toThrow(code);
    jwtVerifier([one.options, plain(spaced)]);
    jwtVerifier(spaced);
  });
});

describe("an issuer", () => {
  const bounds: Readonly<Record<string, JwtOptions["tenants"]>> = {
    "a list": [tenant],
    "a predicate": (id) => id === tenant,
    "a lookup": async (id) => id === tenant,
  };

  test.each(Object.entries(bounds))("speaks for its own tenants, by %s", async (_, tenants) => {
    const verify = jwtVerifier([{ ...one.options, tenants }, two.options]);
    expect((await verify(await one.token())).tenant).toBe(tenant);
    await expect(verify(await one.token({ tenant: foreign }))).rejects.toMatchObject(refused);
    // The other is bound to none.
    expect((await verify(await two.token({ tenant: foreign }))).tenant).toBe(foreign);
  });

  test("is asked about for good tokens alone, and only a plain yes is one", async () => {
    const tenants = vi.fn(async (_: TenantId): Promise<boolean> => true);
    const verify = jwtVerifier({ ...one.options, tenants });
    const token = await one.token();
    const late = await one.token({ exp: 1 });
    for (const bad of [`${token.slice(0, -4)}AAAA`, late, await two.token(), "", "a.b.c"]) {
      await expect(verify(bad)).rejects.toMatchObject(refused);
    }
    expect(tenants).not.toHaveBeenCalled();
    expect((await verify(token)).subject).toBe("u1");
    expect(tenants.mock.calls).toEqual([[tenant]]);
    for (const answer of [1, "yes", {}, undefined, null]) {
      tenants.mockResolvedValueOnce(answer as never);
      await expect(verify(token)).rejects.toMatchObject(refused);
    }
  });

  test("whose tenants cannot be looked up refuses nobody for good", async () => {
    const cause = new Error("the table is not there");
    for (const tenants of [
      () => Promise.reject(cause),
      (): boolean => {
        throw cause;
      },
    ]) {
      const asked = jwtVerifier({ ...one.options, tenants })(await one.token());
      await expect(asked).rejects.toMatchObject({ code: "TOKEN_TENANTS_UNAVAILABLE", cause });
    }
  });

  test("is told by its options, read once and copied", async () => {
    const tenants = [tenant];
    const audience = ["notes"];
    const options = { ...one.options, tenants, audience };
    const verify = jwtVerifier(options);
    tenants[0] = foreign;
    audience[0] = "others";
    Object.assign(options, { issuer: second });
    expect((await verify(await one.token())).tenant).toBe(tenant);
    const code = expect.objectContaining({ code: "OPTION_UNKNOWN" });
    expect(() => jwtVerifier({ ...one.options, tenant: [tenant] } as never)).toThrow(code);
    for (const lie of [[1], "", [""], new Array(3), []]) {
      expect(() => jwtVerifier({ ...one.options, tenants: lie as never })).toThrow(
        expect.objectContaining({ code: "AUTHENTICATOR_OPTION_INVALID" }),
      );
    }
  });

  test("takes nothing from a polluted prototype", async () => {
    Object.assign(Object.prototype, { tenants: () => true, issuer: first, subjects: "plain", types: "any" });
    try {
      const verify = jwtVerifier([{ ...one.options, tenants: [tenant] }, two.options]);
      await expect(verify(await one.token({ tenant: foreign }))).rejects.toMatchObject(refused);
      expect((await verify(await two.token())).subject).toBe(`@${second} u1`);
      await expect(verify(await two.token({}, { typ: "other" }))).rejects.toMatchObject(refused);
    } finally {
      for (const name of ["tenants", "issuer", "subjects", "types"]) Reflect.deleteProperty(Object.prototype, name);
    }
  });
});
