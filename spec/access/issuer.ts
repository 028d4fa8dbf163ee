/** An issuer of tokens for the access specs: its keys, its tokens, and tokens that somebody else made. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { exportJWK, type JSONWebKeySet, SignJWT } from "jose";
import type { JwtOptions } from "../../lib/access/index.js";
import type { TenantId } from "../../lib/tenant/index.js";

/** Seconds since 1970, at the issuer's clock. */
export const nowS = 1_800_000_000;
export const clock = { now: () => nowS * 1_000 };

export interface Issuer {
  readonly name: string;
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwks: JSONWebKeySet;
  readonly options: JwtOptions;
  /** A token for a subject of a tenant; `claims` and `header` replace what it has, undefined removes. */
  token(claims?: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): Promise<string>;
}

export async function issuer(name: string, tenant: TenantId, kid = "k1"): Promise<Issuer> {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" }] };
  return {
    name,
    kid,
    privateKey,
    publicKey,
    jwks,
    options: { issuer: name, audience: "notes", jwks, clock },
    token: (claims = {}, header = {}) =>
      signed(privateKey, { ...standard(name, tenant), ...claims }, { alg: "ES256", typ: "JWT", kid, ...header }),
  };
}

export const standard = (iss: string, tenant: string): Readonly<Record<string, unknown>> => ({
  iss,
  aud: "notes",
  sub: "u1",
  tenant,
  roles: ["reader"],
  iat: nowS,
  exp: nowS + 300,
});

export const signed = (
  key: KeyObject | Uint8Array,
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>>,
): Promise<string> =>
  new SignJWT(JSON.parse(JSON.stringify(claims)))
    // A test makes headers that the types rule out.
    .setProtectedHeader(JSON.parse(JSON.stringify(header)))
    .sign(key, header["crit"] === undefined ? {} : { crit: { x: true } });

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token put together by hand. */
export const forged = (header: unknown, claims: unknown, signature = ""): string =>
  `${part(header)}.${part(claims)}.${signature}`;
