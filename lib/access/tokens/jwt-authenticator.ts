/** JWT: tokens verified against pinned algorithms, issuers and audiences, and the principal in them. */
import { decodeJwt, decodeProtectedHeader, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { isTenantryError, tenantryError } from "../../errors/index.js";
import { tokenCharsMax } from "../../limits/index.js";
import { parseTenantId, tenantContext } from "../../tenant/index.js";
import { issuerKeys } from "./issuer-keys.js";
import { type JwtOptions, mediaType, type TrustedIssuer, trustedIssuer } from "./jwt-options.js";
import type { Authenticate, Principal } from "./principal.js";

interface Trusted extends TrustedIssuer {
  readonly keys: JWTVerifyGetKey;
}

const invalid = (reason: string): Error => new Error(reason);

/** The claim at a path of own properties. */
function claimAt(payload: JWTPayload, path: readonly string[]): unknown {
  let value: unknown = payload;
  for (const name of path) {
    if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.hasOwn(value, name)) return;
    value = Reflect.get(value, name);
  }
  return value;
}

function texts(claim: string, value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) throw invalid(`${claim} is no list`);
  return value;
}

function principalOf(
  payload: JWTPayload,
  { issuer, tenantClaim, rolesClaim, clockToleranceMs, now }: TrustedIssuer,
): Principal {
  const { sub, exp, acr, auth_time: authTime } = payload;
  if (sub === undefined || exp === undefined) throw invalid("a claim is missing");
  if (acr !== undefined && typeof acr !== "string") throw invalid("acr is no text");
  if (authTime !== undefined && !(typeof authTime === "number" && authTime >= 0)) throw invalid("auth_time is no time");
  const authenticatedAt = authTime === undefined ? undefined : authTime * 1_000;
  if (authenticatedAt !== undefined && authenticatedAt > now() + clockToleranceMs)
    throw invalid("auth_time is to come");
  const { tenant, subject, roles } = tenantContext({
    tenant: parseTenantId(claimAt(payload, tenantClaim)),
    subject: sub,
    roles: texts("roles", claimAt(payload, rolesClaim)),
  });
  return {
    tenant,
    subject,
    roles,
    issuer,
    expiresAt: exp * 1_000,
    authenticatedAt,
    methods: texts("amr", payload["amr"]),
    assurance: acr,
    claims: payload,
  };
}

async function verified(token: string, issuers: ReadonlyMap<string, Trusted>): Promise<Principal> {
  if (typeof token !== "string" || token.length > tokenCharsMax) throw invalid("too long");
  // The issuer is known before a key is looked for: another issuer's key of the same id is none of its keys.
  const { iss } = decodeJwt(token);
  const trusted = typeof iss === "string" ? issuers.get(iss) : undefined;
  if (trusted === undefined) throw invalid("the issuer is not trusted");
  const { typ, alg } = decodeProtectedHeader(token);
  if (alg === undefined || !trusted.algorithms.includes(alg)) throw invalid("the algorithm is not permitted");
  if (trusted.types !== undefined && !(typeof typ === "string" && trusted.types.includes(mediaType(typ)))) {
    throw invalid("the type is not permitted");
  }
  const { payload } = await jwtVerify(token, trusted.keys, {
    algorithms: [...trusted.algorithms],
    issuer: trusted.issuer,
    audience: [...trusted.audience],
    requiredClaims: ["exp", "sub"],
    clockTolerance: trusted.clockToleranceMs / 1_000,
    currentDate: new Date(trusted.now()),
    ...(trusted.maxAgeMs === undefined ? {} : { maxTokenAge: trusted.maxAgeMs / 1_000 }),
  });
  return principalOf(payload, trusted);
}

/**
 * Verifies tokens of one issuer, or of several, each with keys of its own: for tokens that do not come with a request,
 * such as those of a web socket.
 *
 * @throws `AUTHENTICATOR_OPTION_INVALID`. The function it returns rejects with `TOKEN_INVALID` for every reason there is to
 *   refuse a token, which is in the `cause` alone, and with `TOKEN_KEYS_UNAVAILABLE` when keys could not be fetched.
 *
 * @example
 * ```ts
 * import { createSecretKey, randomBytes } from "node:crypto";
 * import { jwtVerifier } from "tenantry/access";
 * const verify = jwtVerifier({ issuer: "me", audience: "me", key: createSecretKey(randomBytes(32)) });
 * declare const socket: { token: string };
 * const { tenant, subject } = await verify(socket.token);
 * ```
 */
export function jwtVerifier(options: JwtOptions | readonly JwtOptions[]): (token: string) => Promise<Principal> {
  const issuers = new Map<string, Trusted>();
  for (const each of "issuer" in options ? [options] : options) {
    const trusted = trustedIssuer(each);
    if (issuers.has(trusted.issuer)) {
      throw tenantryError("AUTHENTICATOR_OPTION_INVALID", { option: "issuer", reason: "an issuer is given twice" });
    }
    issuers.set(trusted.issuer, { ...trusted, keys: issuerKeys(trusted) });
  }
  return async (token) => {
    try {
      return await verified(token, issuers);
    } catch (cause) {
      if (isTenantryError(cause, "TOKEN_KEYS_UNAVAILABLE")) throw cause;
      throw tenantryError("TOKEN_INVALID", {}, { cause });
    }
  };
}

/**
 * Tells who a request comes from by the bearer token in its `Authorization` header, and by nothing else: a tenant in
 * another header, in the path or in the query counts for nothing.
 *
 * @throws `AUTHENTICATOR_OPTION_INVALID`. The function it returns rejects as that of {@link jwtVerifier} does.
 *
 * @example
 * ```ts
 * import { jwtAuthenticator } from "tenantry/access";
 * const authenticate = jwtAuthenticator({
 *   issuer: "https://id.example.com/",
 *   audience: "notes",
 *   jwks: "https://id.example.com/.well-known/jwks.json",
 * });
 * declare const request: Request;
 * const { tenant, subject, roles } = await authenticate(request);
 * ```
 */
export function jwtAuthenticator(options: JwtOptions | readonly JwtOptions[]): Authenticate {
  const verify = jwtVerifier(options);
  return async ({ headers }) => {
    const [, token] = /^Bearer +([\w.-]+)$/i.exec(headers.get("authorization") ?? "") ?? [];
    if (token === undefined) throw tenantryError("TOKEN_INVALID", {});
    return await verify(token);
  };
}
