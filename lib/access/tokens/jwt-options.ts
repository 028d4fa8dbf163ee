/** What a JWT authenticator is told about an issuer, checked before the first token comes. */
import { KeyObject } from "node:crypto";
import type { CryptoKey, FetchImplementation, JSONWebKeySet, JWK } from "jose";
import { tenantryError } from "../../errors/index.js";
import {
  tokenClockToleranceMaxMs,
  tokenClockToleranceMs,
  tokenKeysCooldownMs,
  tokenKeysMaxAgeMs,
  tokenKeysStaleMs,
  tokenKeysTimeoutMs,
  tokenSecretBytesMin,
} from "../../limits/index.js";
import { type Clock, safeTime, systemClock } from "../../observe/index.js";

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

const refuse = (option: string, reason: string): Error =>
  tenantryError("AUTHENTICATOR_OPTION_INVALID", { option, reason });

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

function placeOf({ jwks, key }: JwtOptions): KeyPlace {
  if ((jwks === undefined) === (key === undefined)) throw refuse("jwks", "either `jwks` or `key` is needed");
  if (key !== undefined) {
    const secret = key instanceof Uint8Array || (key instanceof KeyObject && key.type === "secret");
    const bytes = key instanceof Uint8Array ? key.length : key instanceof KeyObject ? (key.symmetricKeySize ?? 0) : 0;
    if (secret && bytes < tokenSecretBytesMin) throw refuse("key", `a secret has ${tokenSecretBytesMin} bytes or more`);
    if ("type" in key && key.type === "private") throw refuse("key", "a private key belongs to the issuer alone");
    if ("kty" in key && (key.kty === "oct" || "d" in key)) throw refuse("key", "a JSON Web Key here is a public one");
    return { kind: "one", key };
  }
  if (typeof jwks === "object" && "keys" in jwks) {
    if (jwks.keys.length === 0 || jwks.keys.some((one) => one.kty === "oct" || "d" in one)) {
      throw refuse("jwks", "a set has public keys, one or more");
    }
    return { kind: "set", set: jwks };
  }
  const url = URL.canParse(String(jwks)) ? new URL(String(jwks)) : undefined;
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
  const chosen = algorithms ?? (secret ? ["HS256"] : ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"]);
  if (chosen.length === 0) throw refuse("algorithms", "there is none");
  const stray = chosen.find((algorithm) => !permitted.has(algorithm));
  if (stray !== undefined) throw refuse("algorithms", `not an algorithm for ${secret ? "a secret" : "public keys"}`);
  return [...chosen];
}

function pathOf(option: string, claim: string | readonly string[]): readonly string[] {
  const path = typeof claim === "string" ? [claim] : [...claim];
  if (path.length === 0 || !path.every(isText)) throw refuse(option, "not the name of a claim");
  return path;
}

function ms(option: string, value: number, max = Number.MAX_SAFE_INTEGER): number {
  if (!(value >= 0 && value <= max)) throw refuse(option, `not milliseconds from 0 to ${max}`);
  return value;
}

/** @throws AUTHENTICATOR_OPTION_INVALID */
export function trustedIssuer(options: JwtOptions): TrustedIssuer {
  const { issuer, types = ["JWT", "at+jwt"], tenantClaim = "tenant", rolesClaim = "roles", maxAgeMs } = options;
  if (!isText(issuer)) throw refuse("issuer", "not text");
  const audience = typeof options.audience === "string" ? [options.audience] : [...(options.audience ?? [])];
  if (audience.length === 0 || !audience.every(isText)) throw refuse("audience", "not text, or none");
  if (types !== "any" && (types.length === 0 || !types.every(isText))) throw refuse("types", "not text, or none");
  const place = placeOf(options);
  const clock = options.clock ?? systemClock;
  return {
    issuer,
    audience,
    place,
    algorithms: algorithmsOf(options, place),
    types: types === "any" ? undefined : types.map(mediaType),
    tenantClaim: pathOf("tenantClaim", tenantClaim),
    rolesClaim: pathOf("rolesClaim", rolesClaim),
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
