/** Tokens that have to be refused: what is done to them, and what the request carries in their place. */
import { createHmac, generateKeyPairSync } from "node:crypto";
import type { TenantId } from "../../lib/tenant/index.js";
import { forged, type Issuer, nowS, signed, standard } from "./issuer.js";

export interface TokenStage {
  /** Trusted, as is `other`, which has a key of the same id. */
  readonly own: Issuer;
  readonly other: Issuer;
  readonly tenant: TenantId;
}

/** The headers of a request that has no valid token. */
export type TokenAttack = (stage: TokenStage) => Promise<Readonly<Record<string, string>>>;

const bearer = (token: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${token}` });
const changed =
  (claims: Readonly<Record<string, unknown>>, header: Readonly<Record<string, unknown>> = {}): TokenAttack =>
  async ({ own }) =>
    bearer(await own.token(claims, header));
const hmac = (secret: string | Uint8Array, text: string): string =>
  createHmac("sha256", secret).update(text).digest("base64url");

async function symmetric(stage: TokenStage, secret: string): Promise<Readonly<Record<string, string>>> {
  const { own, tenant } = stage;
  const unsigned = forged({ alg: "HS256", typ: "JWT", kid: own.kid }, standard(own.name, tenant)).slice(0, -1);
  return bearer(`${unsigned}.${hmac(secret, unsigned)}`);
}

export const tokenAttacks: Readonly<Record<string, TokenAttack>> = {
  "no token": async () => ({}),
  "another scheme": async ({ own }) => ({ authorization: `Basic ${await own.token()}` }),
  "two tokens": async ({ own }) => ({ authorization: `Bearer ${await own.token()}, Bearer ${await own.token()}` }),
  "a cookie": async ({ own }) => ({ cookie: `token=${await own.token()}` }),
  garbage: async () => bearer("garbage"),
  "alg none": async ({ own, tenant }) => bearer(forged({ alg: "none", typ: "JWT" }, standard(own.name, tenant))),
  "alg None": async ({ own, tenant }) => bearer(forged({ alg: "None", typ: "JWT" }, standard(own.name, tenant))),
  "alg none with a signature": async ({ own, tenant }) =>
    bearer(forged({ alg: "none", typ: "JWT" }, standard(own.name, tenant), "AAAA")),
  "no alg": async ({ own, tenant }) => bearer(forged({ typ: "JWT" }, standard(own.name, tenant), "AAAA")),
  "a signature cut off": async ({ own }) => bearer((await own.token()).replace(/[^.]*$/, "")),
  "claims changed after signing": async ({ own, tenant }) => {
    const [header, , signature] = (await own.token()).split(".");
    const claims = Buffer.from(JSON.stringify({ ...standard(own.name, tenant), sub: "admin" })).toString("base64url");
    return bearer(`${header}.${claims}.${signature}`);
  },
  "a wrong key with the right id": async ({ own, tenant }) => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    return bearer(await signed(privateKey, standard(own.name, tenant), { alg: "ES256", typ: "JWT", kid: own.kid }));
  },
  "an id of no key": changed({}, { kid: "k9" }),
  "HS256 with the public key as PEM": async (stage) =>
    symmetric(stage, String(stage.own.publicKey.export({ type: "spki", format: "pem" }))),
  "HS256 with the public key as JWK": async (stage) =>
    symmetric(stage, JSON.stringify(stage.own.publicKey.export({ format: "jwk" }))),
  "a key of its own in the header": async ({ own, tenant }) => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const header = { alg: "ES256", typ: "JWT", jwk: publicKey.export({ format: "jwk" }), jku: "https://evil.example/" };
    return bearer(await signed(privateKey, standard(own.name, tenant), header));
  },
  "an unknown critical header": changed({}, { crit: ["x"], x: 1 }),
  "an issuer that is not trusted, with the right key": changed({ iss: "https://evil.example/" }),
  "another trusted issuer, with this one's key and key id": async ({ own, other }) =>
    bearer(await own.token({ iss: other.name })),
  "this issuer, with the other's key and key id": async ({ own, other }) =>
    bearer(await other.token({ iss: own.name })),
  "an issuer with a slash more": async ({ own }) => bearer(await own.token({ iss: `${own.name}/` })),
  "a list of issuers": async ({ own }) => bearer(await own.token({ iss: [own.name] })),
  "no issuer": changed({ iss: undefined }),
  "another audience": changed({ aud: "invoices" }),
  "no audience": changed({ aud: undefined }),
  expired: changed({ exp: nowS - 6 }),
  "no expiry": changed({ exp: undefined }),
  "an expiry that is text": changed({ exp: String(nowS + 300) }),
  "not yet valid": changed({ nbf: nowS + 6 }),
  "another type": changed({}, { typ: "id+jwt" }),
  "no type": changed({}, { typ: undefined }),
  "no subject": changed({ sub: undefined }),
  "an empty subject": changed({ sub: "" }),
  "a subject that is a list": changed({ sub: ["u1"] }),
  "no tenant claim": changed({ tenant: undefined }),
  "no tenant claim, but a header": async ({ own, tenant }) => ({
    ...bearer(await own.token({ tenant: undefined })),
    "x-tenant": tenant,
    "x-tenant-id": tenant,
    tenant,
  }),
  "a list as tenant claim": async ({ own, tenant }) => bearer(await own.token({ tenant: [tenant] })),
  "an object as tenant claim": async ({ own, tenant }) => bearer(await own.token({ tenant: { id: tenant } })),
  "a number as tenant claim": changed({ tenant: 1 }),
  "an uppercase tenant": async ({ own, tenant }) => bearer(await own.token({ tenant: tenant.toUpperCase() })),
  "a tenant in braces": async ({ own, tenant }) => bearer(await own.token({ tenant: `{${tenant}}` })),
  "a tenant as a URN": async ({ own, tenant }) => bearer(await own.token({ tenant: `urn:uuid:${tenant}` })),
  "a tenant with a space": async ({ own, tenant }) => bearer(await own.token({ tenant: `${tenant} ` })),
  "the nil tenant": changed({ tenant: "00000000-0000-0000-0000-000000000000" }),
  "roles that are text": changed({ roles: "administrator" }),
  "roles that are numbers": changed({ roles: [1] }),
  "too many roles": changed({ roles: Array.from({ length: 65 }, (_, n) => `r${n}`) }),
  "methods that are text": changed({ amr: "mfa" }),
  "a sign-in to come": changed({ auth_time: nowS + 60 }),
  "longer than looked at": changed({ filler: "x".repeat(8_192) }),
};
