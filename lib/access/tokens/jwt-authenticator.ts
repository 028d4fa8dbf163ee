/** JWT: tokens verified against pinned algorithms, issuers and audiences, and the principal in them. */
import { decodeJwt, decodeProtectedHeader, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { isTenantryError, tenantryError } from "../../errors/index.js";
import { tokenCharsMax, trustedListMax } from "../../limits/index.js";
import { copiedList } from "../../options/index.js";
import { parseTenantId, type TenantId, tenantContext } from "../../tenant/index.js";
import { issuerKeys } from "./issuer-keys.js";
import { type JwtOptions, mediaType, refuse, type TrustedIssuer, trustedIssuer } from "./jwt-options.js";
import type { Authenticate, Principal } from "./principal.js";

interface Trusted extends TrustedIssuer {
  readonly keys: JWTVerifyGetKey;
  /** What its subjects are called. @throws Error for one that could be taken for another issuer's */
  readonly subjectOf: (sub: string) => string;
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
  { issuer, tenantClaim, rolesClaim, subjectOf, clockToleranceMs, now }: Trusted,
): Principal {
  const { sub, exp, acr, auth_time: authTime } = payload;
  if (exp === undefined) throw invalid("a claim is missing");
  if (typeof sub !== "string" || sub === "") throw invalid("sub is no text");
  if (acr !== undefined && typeof acr !== "string") throw invalid("acr is no text");
  if (authTime !== undefined && !(typeof authTime === "number" && authTime >= 0)) throw invalid("auth_time is no time");
  const authenticatedAt = authTime === undefined ? undefined : authTime * 1_000;
  if (authenticatedAt !== undefined && authenticatedAt > now() + clockToleranceMs)
    throw invalid("auth_time is to come");
  const { tenant, subject, roles } = tenantContext({
    tenant: parseTenantId(claimAt(payload, tenantClaim)),
    subject: subjectOf(sub),
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
  const principal = principalOf(payload, trusted);
  // Only now: nobody is asked about a tenant that a forged token names.
  if (!(await speaksFor(trusted, principal.tenant))) throw invalid("the issuer does not speak for the tenant");
  return principal;
}

async function speaksFor({ speaksFor: asked }: Trusted, tenant: TenantId): Promise<boolean> {
  try {
    return (await asked(tenant)) === true;
  } catch (cause) {
    throw tenantryError("TOKEN_TENANTS_UNAVAILABLE", {}, { cause });
  }
}

/** Before the name of an issuer in a subject; no plain subject begins with it. */
const ofIssuer = "@";

/** How each of several issuers calls its subjects: never as another. @throws AUTHENTICATOR_OPTION_INVALID */
function subjectsOf({ issuer, isPlain }: TrustedIssuer, isOne: boolean): Trusted["subjectOf"] {
  if (isOne) return (sub) => sub;
  if (isPlain) {
    return (sub) => {
      if (sub.startsWith(ofIssuer)) throw invalid("the subject could be another issuer's");
      return sub;
    };
  }
  if (issuer.includes(" "))
    throw refuse("issuer", "among several, one without a space, which its subjects are told by");
  return (sub) => `${ofIssuer}${issuer} ${sub}`;
}

/** @throws AUTHENTICATOR_OPTION_INVALID */
function trustedIssuers(options: JwtOptions | readonly JwtOptions[]): ReadonlyMap<string, Trusted> {
  const given = Array.isArray(options) ? copiedList(options, trustedListMax) : [options];
  if (given === undefined || given.length === 0) throw refuse("issuer", "there is none, or too many");
  const all = given.map((one) => trustedIssuer(one as JwtOptions));
  if (all.filter(({ isPlain }) => isPlain).length > 1)
    throw refuse("subjects", "those of one issuer at most are plain");
  const issuers = new Map<string, Trusted>();
  for (const each of all) {
    if (issuers.has(each.issuer)) throw refuse("issuer", "an issuer is given twice");
    issuers.set(each.issuer, { ...each, keys: issuerKeys(each), subjectOf: subjectsOf(each, all.length === 1) });
  }
  return issuers;
}

/**
 * Verifies tokens of one issuer, or of several, each with keys and subjects of its own: for tokens that do not come with
 * a request, such as those of a web socket.
 *
 * @throws `AUTHENTICATOR_OPTION_INVALID`, `OPTION_UNKNOWN`. The function it returns rejects with `TOKEN_INVALID` for every
 *   reason there is to refuse a token, which is in the `cause` alone; with `TOKEN_KEYS_UNAVAILABLE` when keys could not be
 *   fetched, and `TOKEN_TENANTS_UNAVAILABLE` when a function given as `tenants` failed.
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
  const issuers = trustedIssuers(options);
  return async (token) => {
    try {
      return await verified(token, issuers);
    } catch (cause) {
      if (isTenantryError(cause, "TOKEN_KEYS_UNAVAILABLE", "TOKEN_TENANTS_UNAVAILABLE")) throw cause;
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
