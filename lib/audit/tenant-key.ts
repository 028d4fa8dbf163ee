/** The key of one tenant's audit trail: digests of its records, and texts that nobody reads once the key is erased. */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { auditSubjectsCachedMax } from "../limits/index.js";

/** Bytes of a tenant's secret. */
export const auditSecretBytes = 32;

const format = 1;
const syntheticBytes = 16;

/** The stored form of a tenant's secret: a format byte and the secret. */
export const encodeAuditSecret = (secret: Uint8Array): Uint8Array => Uint8Array.of(format, ...secret);

/** The secret of stored bytes; undefined when they hold none. */
export const decodeAuditSecret = (bytes: Uint8Array | undefined): Uint8Array | undefined =>
  bytes?.[0] === format && bytes.length === 1 + auditSecretBytes ? bytes.slice(1) : undefined;

/** What a sealed text is; the same text sealed for another use gives other bytes. */
export type SealedUse = "subject" | "request" | "reason" | `id of ${string}`;

const derived = (secret: Uint8Array, use: string): Uint8Array =>
  new Uint8Array(hkdfSync("sha256", secret, "", `tenantry audit ${use}`, 32));

/**
 * Digests and seals for one tenant. A sealed text is the same bytes every time, so that entries of one subject can be
 * told to be that without opening them: a synthetic initialisation vector, which is a MAC of the text, and the text
 * under AES-256-CTR.
 */
export class AuditKey {
  readonly #digests: Uint8Array;
  readonly #macs: Uint8Array;
  readonly #ciphers: Uint8Array;
  /** Sealed subjects: a few act again and again. */
  readonly #subjects = new Map<string, Uint8Array>();

  constructor(secret: Uint8Array) {
    this.#digests = derived(secret, "digest");
    this.#macs = derived(secret, "mac");
    this.#ciphers = derived(secret, "cipher");
  }

  /** HMAC-SHA-256 of a record's canonical bytes. */
  digest(entity: string, canonical: Uint8Array): Uint8Array {
    return createHmac("sha256", this.#digests).update(`${entity}\0`).update(canonical).digest();
  }

  seal(use: SealedUse, text: Uint8Array | string): Uint8Array {
    const plain = typeof text === "string" ? Buffer.from(text, "utf8") : text;
    const vector = this.#vector(use, plain);
    const cipher = createCipheriv("aes-256-ctr", this.#ciphers, vector);
    return Buffer.concat([vector, cipher.update(plain), cipher.final()]);
  }

  /** As `seal`, for who acts, whose sealed name is kept at hand. */
  sealSubject(subject: string): Uint8Array {
    let sealed = this.#subjects.get(subject);
    if (sealed === undefined) {
      if (this.#subjects.size >= auditSubjectsCachedMax) this.#subjects.clear();
      sealed = this.seal("subject", subject);
      this.#subjects.set(subject, sealed);
    }
    return sealed;
  }

  /** The text of sealed bytes; undefined when they were sealed under another key, for another use, or were changed. */
  open(use: SealedUse, sealed: Uint8Array): Uint8Array | undefined {
    if (sealed.length < syntheticBytes) return undefined;
    const vector = sealed.subarray(0, syntheticBytes);
    const decipher = createDecipheriv("aes-256-ctr", this.#ciphers, vector);
    const plain = Buffer.concat([decipher.update(sealed.subarray(syntheticBytes)), decipher.final()]);
    return timingSafeEqual(this.#vector(use, plain), vector) ? plain : undefined;
  }

  openText(use: SealedUse, sealed: Uint8Array): string | undefined {
    const plain = this.open(use, sealed);
    return plain === undefined ? undefined : Buffer.from(plain).toString("utf8");
  }

  #vector(use: SealedUse, plain: Uint8Array): Uint8Array {
    return createHmac("sha256", this.#macs).update(`${use}\0`).update(plain).digest().subarray(0, syntheticBytes);
  }
}
