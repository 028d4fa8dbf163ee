/** The keys of one issuer: fetched, kept for a while, and fetched again when a token names one that is not among them. */
import { createLocalJWKSet, createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from "jose";
import { tenantryError } from "../../errors/index.js";
import { tokenKeysFailureMs } from "../../limits/index.js";
import type { TrustedIssuer } from "./jwt-options.js";

/** Finds the key of a token of the issuer. Rejects with `TOKEN_KEYS_UNAVAILABLE` when they cannot be fetched. */
export function issuerKeys(trusted: TrustedIssuer): JWTVerifyGetKey {
  const { place } = trusted;
  if (place.kind === "one") return async () => place.key;
  if (place.kind === "set") return createLocalJWKSet(place.set);
  const keys = createRemoteJWKSet(place.url, {
    cacheMaxAge: trusted.keysMaxAgeMs,
    cooldownDuration: trusted.keysCooldownMs,
    timeoutDuration: trusted.keysTimeoutMs,
    [customFetch]: patient(trusted),
  });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (cause) {
      if (cause instanceof errors.JWKSTimeout || cause instanceof errors.JWKSInvalid) throw unavailable(cause);
      throw cause;
    }
  };
}

const unavailable = (cause: unknown): Error => tenantryError("TOKEN_KEYS_UNAVAILABLE", {}, { cause });

const isKeySet = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "keys" in value && Array.isArray(value.keys);

/** The issuer's fetch, which lets an issuer that fails rest: forged key ids must not make a flood of requests to it. */
function patient({ fetch, now }: TrustedIssuer): TrustedIssuer["fetch"] {
  let failure: { readonly at: number; readonly error: Error } | undefined;
  return async (url, init) => {
    if (failure !== undefined && Math.abs(now() - failure.at) < tokenKeysFailureMs) throw failure.error;
    try {
      const response = await fetch(url, init);
      if (response.status !== 200) throw new Error(`The issuer's keys were answered with ${response.status}.`);
      const set: unknown = await response.json();
      if (!isKeySet(set)) throw new Error("The issuer's answer is no set of keys.");
      failure = undefined;
      return Response.json(set);
    } catch (cause) {
      failure = { at: now(), error: unavailable(cause) };
      throw failure.error;
    }
  };
}
