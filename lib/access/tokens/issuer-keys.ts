/** The keys of one issuer: fetched, kept for a while, fetched again for one that is not among them, and used on while it is down. */
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from "jose";
import { isTenantryError, tenantryError } from "../../errors/index.js";
import { tokenKeysFailureMs } from "../../limits/index.js";
import type { TrustedIssuer } from "./jwt-options.js";

/** Finds the key of a token of the issuer. Rejects with `TOKEN_KEYS_UNAVAILABLE` when they cannot be fetched. */
export function issuerKeys(trusted: TrustedIssuer): JWTVerifyGetKey {
  const { place, keysMaxAgeMs, keysCooldownMs, keysTimeoutMs } = trusted;
  if (place.kind === "one") return async () => place.key;
  if (place.kind === "set") return createLocalJWKSet(place.set);
  const source = new KeySource(trusted);
  const keys = createRemoteJWKSet(place.url, {
    cacheMaxAge: keysMaxAgeMs,
    cooldownDuration: keysCooldownMs,
    timeoutDuration: Math.ceil(keysTimeoutMs),
    [customFetch]: (url, init) => source.fetch(url, init),
  });
  return async (header, token) => {
    const last = source.lastSet;
    if (last !== undefined && source.isDown && !keys.fresh) {
      // Nobody waits for an issuer that is known to be down.
      keys.reload().catch(() => {});
      return await keyOf(last, header, token);
    }
    try {
      return await keys(header, token);
    } catch (cause) {
      if (!isUnavailable(cause)) throw cause;
      if (last === undefined) throw unavailable(cause);
      return await keyOf(last, header, token);
    }
  };
}

const unavailable = (cause: unknown): Error =>
  isTenantryError(cause, "TOKEN_KEYS_UNAVAILABLE") ? cause : tenantryError("TOKEN_KEYS_UNAVAILABLE", {}, { cause });

const isUnavailable = (cause: unknown): boolean =>
  isTenantryError(cause, "TOKEN_KEYS_UNAVAILABLE") ||
  cause instanceof errors.JWKSTimeout ||
  cause instanceof errors.JWKSInvalid;

/** The key of a set that is all there is. One that is not in it may be new: nobody can tell. */
async function keyOf(
  set: JWTVerifyGetKey,
  ...asked: Parameters<JWTVerifyGetKey>
): Promise<Awaited<ReturnType<JWTVerifyGetKey>>> {
  try {
    return await set(...asked);
  } catch (cause) {
    throw cause instanceof errors.JWKSNoMatchingKey ? unavailable(cause) : cause;
  }
}

const isKeySet = (value: unknown): value is JSONWebKeySet =>
  typeof value === "object" && value !== null && "keys" in value && Array.isArray(value.keys);

/** Where an issuer's keys are fetched: lets one that fails rest, as forged key ids must not make a flood of requests to it. */
class KeySource {
  readonly #trusted: TrustedIssuer;
  #failure: { readonly at: number; readonly error: Error } | undefined;
  #last: { readonly at: number; readonly keys: JWTVerifyGetKey } | undefined;

  constructor(trusted: TrustedIssuer) {
    this.#trusted = trusted;
  }

  /** Whether the last fetch failed. */
  get isDown(): boolean {
    return this.#failure !== undefined;
  }

  /** The last set there was, unless it is too old to be used even while the issuer is down. */
  get lastSet(): JWTVerifyGetKey | undefined {
    const { now, keysMaxAgeMs, keysStaleMs } = this.#trusted;
    if (this.#last === undefined || now() - this.#last.at > keysMaxAgeMs + keysStaleMs) return undefined;
    return this.#last.keys;
  }

  async fetch(...[url, init]: Parameters<TrustedIssuer["fetch"]>): Promise<Response> {
    const { now } = this.#trusted;
    if (this.#failure !== undefined && Math.abs(now() - this.#failure.at) < tokenKeysFailureMs)
      throw this.#failure.error;
    try {
      const response = await this.#trusted.fetch(url, init);
      if (response.status !== 200) throw new Error(`The issuer's keys were answered with ${response.status}.`);
      const set: unknown = await response.json();
      if (!isKeySet(set)) throw new Error("The issuer's answer is no set of keys.");
      this.#last = { at: now(), keys: createLocalJWKSet(set) };
      this.#failure = undefined;
      return Response.json(set);
    } catch (cause) {
      this.#failure = { at: now(), error: unavailable(cause) };
      throw this.#failure.error;
    }
  }
}
