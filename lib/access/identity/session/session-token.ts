/** Session tokens: opaque text that names a tenant, a session, and a secret that only its digest is stored of. */
import { createHash, timingSafeEqual } from "node:crypto";
import { sessionTokenChars } from "../../../limits/index.js";
import { type TenantId, tenantIdBytes, tenantIdFromBytes } from "../../../tenant/index.js";

const format = 1;
export const sessionIdBytes = 16;
export const sessionSecretBytes = 32;
const tokenBytes = 1 + 16 + sessionIdBytes + sessionSecretBytes;

/** What a token says; nothing of it is verified. */
export interface SessionToken {
  readonly tenant: TenantId;
  readonly id: Uint8Array;
  readonly secret: Uint8Array;
}

export const encodeToken = ({ tenant, id, secret }: SessionToken): string =>
  Buffer.concat([Buffer.of(format), tenantIdBytes(tenant), id, secret]).toString("base64url");

/** The token in a text; undefined when it is none, or spelt in another way. */
export function decodeToken(text: unknown): SessionToken | undefined {
  if (typeof text !== "string" || text.length !== sessionTokenChars) return undefined;
  const bytes = Buffer.from(text, "base64url");
  if (bytes.length !== tokenBytes || bytes[0] !== format || bytes.toString("base64url") !== text) return undefined;
  try {
    const tenant = tenantIdFromBytes(bytes, 1);
    const secretAt = 17 + sessionIdBytes;
    return { tenant, id: bytes.subarray(17, secretAt), secret: bytes.subarray(secretAt) };
  } catch {
    return undefined;
  }
}

/** What is stored of a secret. It is random, so one round of a hash is enough. */
export const secretDigest = (secret: Uint8Array): Uint8Array => createHash("sha256").update(secret).digest();

export const sameDigest = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b);
