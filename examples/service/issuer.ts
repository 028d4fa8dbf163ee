/** A token issuer of the service's own, so that it runs by itself; yours is the identity provider you have. */
import { exportJWK, generateKeyPair, type JSONWebKeySet, SignJWT } from "jose";
import type { TenantId } from "tenantry";

const issuer = "https://issuer.example/";
const audience = "tasks";
const algorithm = "ES256";

export interface LocalIssuer {
  /** What the service trusts: the options of `jwtAuthenticator`. */
  readonly trusted: { readonly issuer: string; readonly audience: string; readonly jwks: JSONWebKeySet };
  /** A token for a subject of a tenant, good for an hour. */
  token(tenant: TenantId, subject: string, roles: readonly string[]): Promise<string>;
}

/** With a key that lives as long as the process. */
export async function localIssuer(): Promise<LocalIssuer> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm);
  const key = { ...(await exportJWK(publicKey)), kid: "local", alg: algorithm, use: "sig" };
  return {
    trusted: { issuer, audience, jwks: { keys: [key] } },
    token: (tenant, subject, roles) =>
      new SignJWT({ tenant, roles: [...roles] })
        .setProtectedHeader({ alg: algorithm, kid: key.kid, typ: "at+jwt" })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(subject)
        .setIssuedAt()
        .setExpirationTime("1h")
        .sign(privateKey),
  };
}
