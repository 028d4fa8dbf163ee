/** Tokens: which are taken, what is taken from them, how keys are fetched and kept, and what is not taken. */
import { createSecretKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { exportJWK } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { type JwtOptions, jwtAuthenticator, jwtVerifier, requireMfa } from "../../lib/access/index.js";
import { isTenantryError, sanitize } from "../../lib/errors/index.js";
import { tokenKeysFailureMs } from "../../lib/limits/index.js";
import { newTenantId } from "../../lib/tenant/index.js";
import { clock, type Issuer, issuer, nowS, signed, standard } from "./issuer.js";
import { tokenAttacks } from "./token-attacks.js";

const tenant = newTenantId();
let own: Issuer;
let other: Issuer;

beforeAll(async () => {
  own = await issuer("https://id.example/a", tenant);
  other = await issuer("https://id.example/b", tenant);
});

const codeOf = async (work: () => unknown): Promise<string | undefined> => {
  try {
    await work();
    return undefined;
  } catch (error) {
    return isTenantryError(error) ? error.code : String(error);
  }
};
const verify = (token: string, more: Partial<JwtOptions> = {}) => jwtVerifier({ ...own.options, ...more })(token);

describe("a token", () => {
  test("gives its principal", async () => {
    const token = await own.token({
      roles: ["reader", "author"],
      amr: ["pwd", "mfa"],
      acr: "2",
      auth_time: nowS - 10,
      extra: 1,
    });
    expect(await jwtAuthenticator(own.options)({ headers: new Headers({ authorization: `bearer ${token}` }) })).toEqual(
      {
        tenant,
        subject: "u1",
        roles: ["reader", "author"],
        issuer: own.name,
        expiresAt: (nowS + 300) * 1_000,
        authenticatedAt: (nowS - 10) * 1_000,
        methods: ["pwd", "mfa"],
        assurance: "2",
        claims: expect.objectContaining({ extra: 1 }),
      },
    );
    const plain = await verify(await own.token({ roles: undefined }));
    expect(plain).toMatchObject({ roles: [], methods: [], assurance: undefined, authenticatedAt: undefined });
  });

  test("is of the issuer it names, each with keys of its own, though key ids are the same", async () => {
    const both = jwtVerifier([own.options, other.options]);
    expect((await both(await own.token())).issuer).toBe(own.name);
    expect((await both(await other.token())).issuer).toBe(other.name);
    expect(await codeOf(async () => verify(await other.token()))).toBe("TOKEN_INVALID");
  });

  test("may have its claims elsewhere, where own properties lead to", async () => {
    const token = await own.token({ tenant: undefined, "https://x/t": tenant, realm: { access: ["a"] } });
    const options = { tenantClaim: "https://x/t", rolesClaim: ["realm", "access"] };
    expect(await verify(token, options)).toMatchObject({ tenant, roles: ["a"] });
    for (const tenantClaim of ["__proto__", "constructor", ["realm", "length"], ["realm", "access", "0"]]) {
      expect(await codeOf(() => verify(token, { tenantClaim }))).toBe("TOKEN_INVALID");
    }
  });

  test("is taken within the tolerance of clocks, and no longer", async () => {
    for (const [claims, code] of [
      [{ exp: nowS - 4 }, undefined],
      [{ exp: nowS - 5 }, "TOKEN_INVALID"],
      [{ nbf: nowS + 5 }, undefined],
      [{ nbf: nowS + 6 }, "TOKEN_INVALID"],
    ] as const) {
      expect([claims, await codeOf(async () => verify(await own.token(claims)))]).toEqual([claims, code]);
    }
    const strict = { clockToleranceMs: 0 };
    expect(await codeOf(async () => verify(await own.token({ exp: nowS }), strict))).toBe("TOKEN_INVALID");
    const old = await own.token({ iat: nowS - 100 });
    expect(await codeOf(() => verify(old, { maxAgeMs: 90_000 }))).toBe("TOKEN_INVALID");
    expect(await codeOf(() => verify(old, { maxAgeMs: 100_000 }))).toBeUndefined();
  });

  test("may be of the types asked for", async () => {
    const typed = (typ: string | undefined) => own.token({}, { typ });
    expect(await codeOf(async () => verify(await typed("application/at+JWT")))).toBeUndefined();
    expect(await codeOf(async () => verify(await typed("JWT"), { types: ["at+jwt"] }))).toBe("TOKEN_INVALID");
    expect(await codeOf(async () => verify(await typed(undefined), { types: "any" }))).toBeUndefined();
  });

  test("may be verified by one public key, or by a secret", async () => {
    const keyed = { issuer: own.name, audience: ["x", "notes"], clock } as const;
    expect(await jwtVerifier({ ...keyed, key: own.publicKey })(await own.token())).toMatchObject({ tenant });
    const jwk = await exportJWK(own.publicKey);
    expect(await jwtVerifier({ ...keyed, key: { ...jwk, alg: "ES256" } })(await own.token())).toMatchObject({ tenant });
    const secret = randomBytes(32);
    const token = await signed(secret, standard(own.name, tenant), { alg: "HS256", typ: "JWT" });
    for (const key of [secret, createSecretKey(secret)]) {
      expect(await jwtVerifier({ ...keyed, key })(token)).toMatchObject({ tenant });
    }
    expect(await codeOf(() => jwtVerifier({ ...keyed, key: randomBytes(32) })(token))).toBe("TOKEN_INVALID");
    expect(await codeOf(() => jwtVerifier({ ...keyed, key: own.publicKey })(token))).toBe("TOKEN_INVALID");
  });
});

describe("is refused, all for one and the same error", () => {
  test.each(Object.keys(tokenAttacks))("%s", async (name) => {
    const authenticate = jwtAuthenticator([own.options, other.options]);
    const headers = new Headers(await tokenAttacks[name]?.({ own, other, tenant }));
    const error: unknown = await authenticate({ headers }).catch((thrown: unknown) => thrown);
    expect(isTenantryError(error, "TOKEN_INVALID")).toBe(true);
    expect(sanitize(error)).toEqual({
      code: "TOKEN_INVALID",
      message: "There is no valid token with the request.",
      status: 401,
      details: {},
    });
  });

  test("an algorithm that is not among those pinned, though the key fits", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const keyed = { issuer: own.name, audience: "notes", clock, key: publicKey };
    const token = await signed(privateKey, standard(own.name, tenant), { alg: "PS256", typ: "JWT" });
    expect(await jwtVerifier(keyed)(token)).toMatchObject({ tenant });
    expect(await codeOf(() => jwtVerifier({ ...keyed, algorithms: ["RS256"] })(token))).toBe("TOKEN_INVALID");
  });
});

describe("keys", () => {
  const remote = (answer: () => Response | Promise<Response>, now = clock.now) => {
    let fetched = 0;
    const options: JwtOptions = {
      ...own.options,
      jwks: "https://id.example/keys",
      clock: { now },
      fetch: async (url, init) => {
        fetched += 1;
        expect([url, init.method, init.redirect]).toEqual(["https://id.example/keys", "GET", "manual"]);
        return answer();
      },
    };
    return { options, fetched: () => fetched };
  };

  test("are fetched once for many tokens, and again for an unknown key after the cooldown", async () => {
    let keys = own.jwks;
    const slow = remote(() => Response.json(keys));
    const patient = jwtVerifier(slow.options);
    const token = await own.token();
    await Promise.all(Array.from({ length: 8 }, () => patient(token)));
    expect(slow.fetched()).toBe(1);
    const rotated = await issuer(own.name, tenant, "k2");
    keys = { keys: [...own.jwks.keys, ...rotated.jwks.keys] };
    for (let n = 0; n < 5; n++) expect(await codeOf(async () => patient(await rotated.token()))).toBe("TOKEN_INVALID");
    expect(slow.fetched()).toBe(1);

    keys = own.jwks;
    const quick = remote(() => Response.json(keys));
    const eager = jwtVerifier({ ...quick.options, keysCooldownMs: 0 });
    await eager(token);
    keys = { keys: [...own.jwks.keys, ...rotated.jwks.keys] };
    expect(await eager(await rotated.token())).toMatchObject({ tenant });
    expect(await eager(token)).toMatchObject({ tenant });
    expect(quick.fetched()).toBe(2);
  });

  test("that cannot be fetched are no fault of the token, and not asked for at once again", async () => {
    let now = nowS * 1_000;
    for (const broken of [
      () => Promise.reject(new TypeError("fetch failed")),
      () => new Response("", { status: 500 }),
      () => Response.redirect("https://evil.example/", 302),
      () => new Response("not JSON"),
      () => Response.json({ keys: "none" }),
    ]) {
      const { options, fetched } = remote(broken, () => now);
      const check = jwtVerifier(options);
      const token = await own.token();
      const first = await check(token).catch((error: unknown) => error);
      expect(isTenantryError(first, "TOKEN_KEYS_UNAVAILABLE")).toBe(true);
      expect(sanitize(first)).toMatchObject({ code: "UNAVAILABLE", status: 503, details: {} });
      const asked = fetched();
      expect(asked).toBe(1);
      await codeOf(() => check(token));
      expect(fetched()).toBe(asked);
      now += tokenKeysFailureMs;
      await codeOf(() => check(token));
      expect(fetched()).toBe(asked + 1);
    }
  });

  test("are used on while the issuer is down, for as long as is permitted, and nobody waits for it", async () => {
    let now = nowS * 1_000;
    let answer: () => Response | Promise<Response> = () => Response.json(own.jwks);
    // Keys are due with every token: jose counts their age by the clock of the machine.
    const { options, fetched } = remote(
      () => answer(),
      () => now,
    );
    const check = jwtVerifier({ ...options, keysMaxAgeMs: 0, keysStaleMs: 60_000 });
    const token = await own.token();
    const rotated = await issuer(own.name, tenant, "k2");
    await check(token);
    expect(fetched()).toBe(1);

    answer = () => Promise.reject(new TypeError("fetch failed"));
    expect(await check(token)).toMatchObject({ tenant });
    expect(fetched()).toBe(2);
    // Down by now: one request a second, for which nobody waits.
    let fail: ((error: Error) => void) | undefined;
    answer = () =>
      new Promise((_, reject) => {
        fail = reject;
      });
    now += tokenKeysFailureMs;
    for (let n = 0; n < 5; n++) expect(await check(token)).toMatchObject({ tenant });
    expect(fetched()).toBe(3);
    fail?.(new TypeError("fetch failed"));
    // What is forged stays so, and what may be new is not known.
    const forgery = await signed(rotated.privateKey, standard(own.name, tenant), {
      alg: "ES256",
      typ: "JWT",
      kid: "k1",
    });
    expect(await codeOf(() => check(forgery))).toBe("TOKEN_INVALID");
    expect(await codeOf(async () => check(await rotated.token()))).toBe("TOKEN_KEYS_UNAVAILABLE");

    now += 60_000 - tokenKeysFailureMs;
    answer = () => new Response("", { status: 503 });
    expect(await codeOf(() => check(token))).toBeUndefined();
    now += 1;
    expect(await codeOf(() => check(token))).toBe("TOKEN_KEYS_UNAVAILABLE");

    // Back, with other keys: the old ones are good no more.
    now += tokenKeysFailureMs;
    answer = () => Response.json(rotated.jwks);
    expect(await check(await rotated.token())).toMatchObject({ tenant });
    expect(await codeOf(() => check(token))).toBe("TOKEN_INVALID");
  });

  test("that are too old are not used where that is not permitted", async () => {
    let isDown = false;
    const { options } = remote(() => (isDown ? new Response("", { status: 500 }) : Response.json(own.jwks)));
    let now = nowS * 1_000;
    const check = jwtVerifier({ ...options, clock: { now: () => now }, keysMaxAgeMs: 0, keysStaleMs: 0 });
    const token = await own.token();
    await check(token);
    isDown = true;
    now += 1;
    expect(await codeOf(() => check(token))).toBe("TOKEN_KEYS_UNAVAILABLE");
  });
});

describe("options that cannot be meant are refused", () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const cases: Readonly<Record<string, Partial<JwtOptions>>> = {
    "no issuer": { issuer: "" },
    "no audience": { audience: [] },
    "no keys": { jwks: undefined },
    "keys and a key": { key: randomBytes(32) },
    "keys over http": { jwks: "http://id.example/keys" },
    "keys of no kind": { jwks: { toString: null } as never },
    "keys from a file": { jwks: "file:///keys" },
    "keys from nowhere": { jwks: "keys" },
    "an empty set": { jwks: { keys: [] } },
    "a set with a secret": { jwks: { keys: [{ kty: "oct", k: "AAAA" }] } },
    "a private key": { jwks: undefined, key: privateKey },
    "a private JWK": { jwks: undefined, key: { ...privateKey.export({ format: "jwk" }), alg: "ES256" } as never },
    "a short secret": { jwks: undefined, key: randomBytes(31) },
    "a secret as JWK": { jwks: undefined, key: { kty: "oct", k: "AAAA" } },
    none: { algorithms: ["none"] },
    "HS256 with public keys": { algorithms: ["ES256", "HS256"] },
    "ES256 with a secret": { jwks: undefined, key: randomBytes(32), algorithms: ["ES256"] },
    "no algorithm": { algorithms: [] },
    "no type": { types: [] },
    "no claim": { tenantClaim: [] },
    "an empty claim": { rolesClaim: ["a", ""] },
    "a tolerance of an hour": { clockToleranceMs: 3_600_000 },
    "a negative tolerance": { clockToleranceMs: -1 },
    "no age": { maxAgeMs: Number.NaN },
    "keys that are used on for less than no time": { keysStaleMs: -1 },
  };
  test.each(Object.keys(cases))("%s", async (name) => {
    expect(await codeOf(() => jwtVerifier({ ...own.options, ...cases[name] }))).toBe("AUTHENTICATOR_OPTION_INVALID");
  });
  test("an issuer twice", async () => {
    expect(await codeOf(() => jwtVerifier([own.options, own.options]))).toBe("AUTHENTICATOR_OPTION_INVALID");
  });
  test("keys on this machine may come over http", async () => {
    expect(await codeOf(() => jwtVerifier({ ...own.options, jwks: "http://127.0.0.1:1/keys" }))).toBeUndefined();
  });
});

describe("more than one factor", () => {
  const principal = async (claims: Readonly<Record<string, unknown>>) => verify(await own.token(claims));

  test("is what methods or the assurance say, at most so long ago", async () => {
    const passes = async (claims: Readonly<Record<string, unknown>>, options = {}): Promise<boolean> => {
      const checked = await principal(claims);
      return (await codeOf(() => requireMfa(checked, { ...options, clock }))) === undefined;
    };
    expect(await passes({})).toBe(false);
    expect(await passes({ amr: ["pwd"] })).toBe(false);
    expect(await passes({ amr: ["pwd", "mfa"] })).toBe(true);
    expect(await passes({ amr: ["hwk"] }, { methods: ["hwk"] })).toBe(true);
    expect(await passes({ acr: "3" }, { assurances: ["3"] })).toBe(true);
    expect(await passes({ acr: "mfa" })).toBe(false);
    const recent = { maxAgeMs: 60_000 };
    expect(await passes({ amr: ["mfa"] }, recent)).toBe(false);
    expect(await passes({ amr: ["mfa"], auth_time: nowS - 60 }, recent)).toBe(true);
    expect(await passes({ amr: ["mfa"], auth_time: nowS - 61 }, recent)).toBe(false);
  });

  test("that is missing says what is asked for", async () => {
    const checked = await principal({});
    const work = () => requireMfa(checked, { assurances: ["3"], maxAgeMs: 60_000, clock });
    expect(work).toThrow(
      expect.objectContaining({ code: "MFA_REQUIRED", details: { assurances: ["3"], maxAgeS: 60 } }),
    );
  });
});
