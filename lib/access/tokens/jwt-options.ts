/** What a JWT authenticator is told about an issuer, checked before the first token comes. */
import { KeyObject } from "node:crypto";
import type { CryptoKey, FetchImplementation, JSONWebKeySet, JWK } from "jose";
import { tenantryError } from "../../errors/index.js";
import { copiedBytes } from "../../intrinsics/index.js";
import {
  tokenClockToleranceMaxMs,
  tokenClockToleranceMs,
  tokenKeysCooldownMs,
  tokenKeysMaxAgeMs,
  tokenKeysStaleMs,
  tokenKeysTimeoutMs,
  tokenSecretBytesMin,
  trustedListMax,
} from "../../limits/index.js";
import { type Clock, safeTime, systemClock } from "../../observe/index.js";
import { copiedList, optionNames, takeOptions } from "../../options/index.js";
import type { TenantId } from "../../tenant/index.js";

/**
 * An issuer of tokens that is trusted, and what its tokens have to be like.
 *
 * @example
 * ```ts
 * import type { JwtOptions } from "tenantry/access";
 * const options: JwtOptions = {
 *   issuer: "https://id.example.com/",
 *   audience: "notes",
 *   jwks: "https://id.example.com/.well-known/jwks.json",
 *   algorithms: ["ES256"],
 *   tenantClaim: "https://example.com/tenant",
 *   rolesClaim: ["realm_access", "roles"],
 * };
 * ```
 */
export interface JwtOptions {
  /** What `iss` has to be, letter by letter. It decides whose keys a token's key id is looked up in. */
  readonly issuer: string;
  /** What `aud` has to be or hold: one of these. */
  readonly audience: string | readonly string[];
  /** The issuer's public keys: where they are (https, or http on this machine), or themselves. Either this or `key`. */
  readonly jwks?: string | URL | JSONWebKeySet | undefined;
  /** Its one public key, or a secret of `tokenSecretBytesMin` (32) bytes or more for HS256, HS384 and HS512. */
  readonly key?: CryptoKey | KeyObject | JWK | Uint8Array | undefined;
  /**
   * The algorithms taken: `RS256`, `PS256`, `ES256`, `EdDSA` and `Ed25519` unless given, with a secret `HS256`. `none` is
   * never taken, nor is `HS…` with public keys.
   */
  readonly algorithms?: readonly string[] | undefined;
  /** What the header's `typ` may be, `JWT` and `at+jwt` unless given; `"any"` takes any and none. */
  readonly types?: readonly string[] | "any" | undefined;
  /** The claim with the tenant's id, or the path to it: `tenant`. */
  readonly tenantClaim?: string | readonly string[] | undefined;
  /**
   * The tenants that the issuer may speak for, all of them unless given: their ids, or a function that says of one whether
   * it may, at once or later, as from a table of your own. It is asked when a token is otherwise good; one for another
   * tenant is refused as any other.
   */
  readonly tenants?: readonly TenantId[] | ((tenant: TenantId) => boolean | Promise<boolean>) | undefined;
  /**
   * Among several issuers, the one whose subjects are called what `sub` says; those of the others, and of all where none is
   * plain, are called `@issuer sub`, so that subjects of two issuers are never one. A single issuer's are plain.
   */
  readonly subjects?: "plain" | undefined;
  /** The claim with the names of roles, an array, or the path to it: `roles`. Tokens without it have none. */
  readonly rolesClaim?: string | readonly string[] | undefined;
  /** Milliseconds by which clocks may differ: `tokenClockToleranceMs` (5,000), a minute at most. */
  readonly clockToleranceMs?: number | undefined;
  /** Milliseconds after `iat` in which a token is taken, whatever `exp` says; without it `iat` is not needed. */
  readonly maxAgeMs?: number | undefined;
  /** Milliseconds for which fetched keys are kept: `tokenKeysMaxAgeMs` (ten minutes). */
  readonly keysMaxAgeMs?: number | undefined;
  /**
   * Milliseconds after that for which they are used all the same while the issuer is down: `tokenKeysStaleMs` (a day). A
   * key that it withdrew is then taken for so long; 0 takes none.
   */
  readonly keysStaleMs?: number | undefined;
  /** Milliseconds between fetches for key ids that are not known: `tokenKeysCooldownMs` (30 seconds). */
  readonly keysCooldownMs?: number | undefined;
  /** Milliseconds that fetching keys may take: `tokenKeysTimeoutMs` (5 seconds). */
  readonly keysTimeoutMs?: number | undefined;
  /** Fetches the keys; the platform's `fetch` unless given. */
  readonly fetch?: FetchImplementation | undefined;
  /** Time, replaced in tests. */
  readonly clock?: Pick<Clock, "now"> | undefined;
}

/** Where an issuer's keys are from. */
export type KeyPlace =
  | { readonly kind: "remote"; readonly url: URL }
  | { readonly kind: "set"; readonly set: JSONWebKeySet }
  | { readonly kind: "one"; readonly key: CryptoKey | KeyObject | JWK | Uint8Array };

/** Options with everything decided. */
export interface TrustedIssuer {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly place: KeyPlace;
  readonly algorithms: readonly string[];
  /** Media types in lower case; undefined for any. */
  readonly types: readonly string[] | undefined;
  readonly tenantClaim: readonly string[];
  readonly rolesClaim: readonly string[];
  /** Whether the issuer may speak for a tenant. */
  readonly speaksFor: (tenant: TenantId) => unknown;
  readonly isPlain: boolean;
  readonly clockToleranceMs: number;
  readonly maxAgeMs: number | undefined;
  readonly keysMaxAgeMs: number;
  readonly keysStaleMs: number;
  readonly keysCooldownMs: number;
  readonly keysTimeoutMs: number;
  readonly fetch: FetchImplementation;
  readonly now: () => number;
}

const publicAlgorithms = new Set("RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519".split(" "));
const secretAlgorithms = new Set(["HS256", "HS384", "HS512"]);

/** The error for an option that cannot be used. */
export const refuse = (option: string, reason: string): Error =>
  tenantryError("AUTHENTICATOR_OPTION_INVALID", { option, reason });

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

const names = optionNames<JwtOptions>({
  issuer: true,
  audience: true,
  jwks: true,
  key: true,
  algorithms: true,
  types: true,
  tenantClaim: true,
  tenants: true,
  subjects: true,
  rolesClaim: true,
  clockToleranceMs: true,
  maxAgeMs: true,
  keysMaxAgeMs: true,
  keysStaleMs: true,
  keysCooldownMs: true,
  keysTimeoutMs: true,
  fetch: true,
  clock: true,
});

/** One text or more, in a copy; of one text, a list of it. @throws AUTHENTICATOR_OPTION_INVALID */
function textsOf(option: string, given: unknown): readonly string[] {
  const list = typeof given === "string" ? [given] : copiedList(given, trustedListMax);
  if (list === undefined || list.length === 0 || !list.every(isText)) throw refuse(option, "not text, or none");
  return list;
}

function speaksForOf(given: JwtOptions["tenants"]): TrustedIssuer["speaksFor"] {
  if (given === undefined) return () => true;
  if (typeof given === "function") return (tenant) => given(tenant);
  const tenants = new Set(textsOf("tenants", given));
  return (tenant) => tenants.has(tenant);
}

function placeOf({ jwks, key }: JwtOptions): KeyPlace {
  if ((jwks === undefined) === (key === undefined)) throw refuse("jwks", "either `jwks` or `key` is needed");
  if (key !== undefined) {
    const secret = key instanceof Uint8Array || (key instanceof KeyObject && key.type === "secret");
    const bytes = key instanceof Uint8Array ? key.length : key instanceof KeyObject ? (key.symmetricKeySize ?? 0) : 0;
    if (secret && bytes < tokenSecretBytesMin) throw refuse("key", `a secret has ${tokenSecretBytesMin} bytes or more`);
    if ("type" in key && key.type === "private") throw refuse("key", "a private key belongs to the issuer alone");
    if ("kty" in key && (key.kty === "oct" || "d" in key)) throw refuse("key", "a JSON Web Key here is a public one");
    return { kind: "one", key: copiedBytes(key) ?? key };
  }
  if (typeof jwks === "object" && "keys" in jwks) {
    if (jwks.keys.length === 0 || jwks.keys.some((one) => one.kty === "oct" || "d" in one)) {
      throw refuse("jwks", "a set has public keys, one or more");
    }
    return { kind: "set", set: jwks };
  }
  const text: unknown = jwks instanceof URL ? jwks.href : jwks;
  const url = isText(text) && URL.canParse(text) ? new URL(text) : undefined;
  const near = url !== undefined && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (url === undefined || !(url.protocol === "https:" || (near && url.protocol === "http:"))) {
    throw refuse("jwks", "keys are fetched over https");
  }
  return { kind: "remote", url };
}

function algorithmsOf({ algorithms }: JwtOptions, place: KeyPlace): readonly string[] {
  const { key } = place.kind === "one" ? place : { key: undefined };
  const secret = key instanceof Uint8Array || (key instanceof KeyObject && key.type === "secret");
  const permitted = secret ? secretAlgorithms : publicAlgorithms;
  const usual = secret ? ["HS256"] : ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"];
  const chosen = textsOf("algorithms", algorithms ?? usual);
  const stray = chosen.find((algorithm) => !permitted.has(algorithm));
  if (stray !== undefined) throw refuse("algorithms", `not an algorithm for ${secret ? "a secret" : "public keys"}`);
  return chosen;
}

function ms(option: string, value: number, max = Number.MAX_SAFE_INTEGER): number {
  if (!(value >= 0 && value <= max)) throw refuse(option, `not milliseconds from 0 to ${max}`);
  return value;
}

/** @throws AUTHENTICATOR_OPTION_INVALID */
export function trustedIssuer(given: JwtOptions): TrustedIssuer {
  const options = takeOptions(given, names, "jwtVerifier");
  const { issuer, types = ["JWT", "at+jwt"], tenantClaim = "tenant", rolesClaim = "roles", maxAgeMs } = options;
  if (!isText(issuer)) throw refuse("issuer", "not text");
  if (options.subjects !== undefined && options.subjects !== "plain") throw refuse("subjects", "not plain");
  const audience = textsOf("audience", options.audience);
  const place = placeOf(options);
  const clock = options.clock ?? systemClock;
  return {
    issuer,
    audience,
    place,
    algorithms: algorithmsOf(options, place),
    types: types === "any" ? undefined : textsOf("types", types).map(mediaType),
    tenantClaim: textsOf("tenantClaim", tenantClaim),
    rolesClaim: textsOf("rolesClaim", rolesClaim),
    speaksFor: speaksForOf(options.tenants),
    isPlain: options.subjects === "plain",
    clockToleranceMs: ms(
      "clockToleranceMs",
      options.clockToleranceMs ?? tokenClockToleranceMs,
      tokenClockToleranceMaxMs,
    ),
    maxAgeMs: maxAgeMs === undefined ? undefined : ms("maxAgeMs", maxAgeMs),
    keysMaxAgeMs: ms("keysMaxAgeMs", options.keysMaxAgeMs ?? tokenKeysMaxAgeMs),
    keysStaleMs: ms("keysStaleMs", options.keysStaleMs ?? tokenKeysStaleMs),
    keysCooldownMs: ms("keysCooldownMs", options.keysCooldownMs ?? tokenKeysCooldownMs),
    keysTimeoutMs: ms("keysTimeoutMs", options.keysTimeoutMs ?? tokenKeysTimeoutMs),
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    now: safeTime(clock),
  };
}

/** A `typ` as RFC 7515 compares it: without `application/`, in lower case. */
export const mediaType = (type: string): string => type.toLowerCase().replace(/^application\//, "");
