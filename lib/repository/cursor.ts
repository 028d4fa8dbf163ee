/** The seal of page cursors: where a page was cut, readable by the database that cut it and by nobody else. */
import { createCipheriv, createDecipheriv, createHash, hkdfSync } from "node:crypto";
import { tenantryError } from "../errors/index.js";
import { cursorAgeMaxMs, cursorCharsMax, cursorSecretsCachedMax } from "../limits/index.js";
import { systemRandom } from "../observe/index.js";
import type { TenantId } from "../tenant/index.js";
import { equalBytes } from "../tuple/index.js";

/** Which side of the cut a cursor asks for, in the order of its query. */
export type CursorDirection = "next" | "previous";

/** A place between two keys of one query's range, and the side of it to read. */
export interface CursorPosition {
  readonly direction: CursorDirection;
  /** A tenant-relative key: rows at or after it lie on one side, rows before it on the other. */
  readonly cut: Uint8Array;
}

/** What a cursor is good for. It is not stored in the cursor but authenticated with it. */
export interface CursorBinding {
  /** The tenant, or the registry of all of them. */
  readonly tenantId: TenantId | "registry";
  /** Whom the page was made for; another's cursor is refused. */
  readonly principal: string | undefined;
  /** The bytes that tell one query from another. */
  readonly query: Uint8Array;
}

/** A key that seals cursors, with the name it has inside them. */
export interface CursorKey {
  readonly id: Uint8Array;
  readonly secret: Uint8Array;
}

/** Where the keys come from: the options of `open`, or the database itself. */
export interface CursorKeyring {
  /** The key that seals new cursors. */
  current(): Promise<CursorKey>;
  /** Any key that still opens cursors. */
  find(id: Uint8Array): Promise<CursorKey | undefined>;
}

const formatVersion = 1;
const keyIdBytes = 4;
const nonceBytes = 12;
const tagBytes = 16;
const expiryBytes = 6;
const headerBytes = 1 + keyIdBytes;
const sealedBytesMin = headerBytes + nonceBytes + tagBytes + 1 + expiryBytes;
const directions: readonly CursorDirection[] = ["next", "previous"];

/** Bytes of a secret that seals cursors (AES-256). */
export const cursorSecretBytes = 32;

/** The key of 32 secret bytes; its name is a digest, so that rotated keys are told apart without a registry. */
export const cursorKey = (secret: Uint8Array): CursorKey => ({
  id: createHash("sha256").update("tenantry cursor key\0").update(secret).digest().subarray(0, keyIdBytes),
  secret,
});

/**
 * One key per tenant, so that the number of random nonces under a key stays far from its bound. Those used last are
 * kept: deriving one costs as much as reading a page of ten records.
 */
class TenantSecrets {
  /** In the order of last use. */
  readonly #kept = new Map<string, { readonly of: Uint8Array; readonly secret: Uint8Array }>();

  secret(key: CursorKey, tenantId: CursorBinding["tenantId"]): Uint8Array {
    const name = `${tenantId}${Buffer.from(key.id).toString("latin1")}`;
    const kept = this.#kept.get(name);
    this.#kept.delete(name);
    // Names are digests of four bytes: the secret itself decides.
    const found =
      kept !== undefined && equalBytes(kept.of, key.secret)
        ? kept
        : {
            of: new Uint8Array(key.secret),
            secret: new Uint8Array(
              hkdfSync("sha256", key.secret, "", `tenantry cursor\0${tenantId}`, cursorSecretBytes),
            ),
          };
    this.#kept.set(name, found);
    if (this.#kept.size > cursorSecretsCachedMax) {
      for (const oldest of this.#kept.keys()) {
        this.#kept.delete(oldest);
        break;
      }
    }
    return found.secret;
  }
}

const lengthPrefixed = (bytes: Uint8Array): Uint8Array => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

const authenticated = (header: Uint8Array, { tenantId, principal, query }: CursorBinding): Uint8Array =>
  Buffer.concat([
    header,
    lengthPrefixed(Buffer.from(tenantId, "utf8")),
    lengthPrefixed(Buffer.from(principal === undefined ? "" : `=${principal}`, "utf8")),
    createHash("sha256").update(query).digest(),
  ]);

// Only the one spelling `seal` gives: a decoder that skips characters would accept many for the same cursor.
const strictDecode = (text: unknown): Buffer | undefined => {
  if (typeof text !== "string" || text.length > cursorCharsMax) return undefined;
  const bytes = Buffer.from(text, "base64url");
  return bytes.length >= sealedBytesMin && bytes.toString("base64url") === text ? bytes : undefined;
};

/** Seals and opens cursors under the keys of one database. */
export class CursorSeal {
  readonly #keyring: CursorKeyring;
  readonly #now: () => number;
  readonly #secrets = new TenantSecrets();
  /** What was authenticated last: a page opens one cursor and seals two under one binding, which nobody changes. */
  #last: { readonly header: Uint8Array; readonly binding: CursorBinding; readonly bytes: Uint8Array } | undefined;

  constructor(keyring: CursorKeyring, now: () => number) {
    this.#keyring = keyring;
    this.#now = now;
  }

  /** The cursor of a position: base64url text, good for `cursorAgeMaxMs`. */
  async seal(position: CursorPosition, binding: CursorBinding): Promise<string> {
    const key = await this.#keyring.current();
    const header = Buffer.concat([Buffer.of(formatVersion), key.id]);
    const nonce = systemRandom.bytes(nonceBytes);
    const cipher = createCipheriv("aes-256-gcm", this.#secrets.secret(key, binding.tenantId), nonce);
    cipher.setAAD(this.#authenticated(header, binding));
    const claims = Buffer.alloc(1 + expiryBytes + position.cut.length);
    claims.writeUInt8(directions.indexOf(position.direction), 0);
    claims.writeUIntBE(this.#now() + cursorAgeMaxMs, 1, expiryBytes);
    claims.set(position.cut, 1 + expiryBytes);
    const sealed = [cipher.update(claims), cipher.final()];
    return Buffer.concat([header, nonce, cipher.getAuthTag(), ...sealed]).toString("base64url");
  }

  #authenticated(header: Uint8Array, binding: CursorBinding): Uint8Array {
    if (this.#last?.binding !== binding || !equalBytes(this.#last.header, header)) {
      this.#last = { header, binding, bytes: authenticated(header, binding) };
    }
    return this.#last.bytes;
  }

  /**
   * The position in a cursor.
   *
   * @throws CURSOR_INVALID for every reason there is: nothing tells a forged cursor from a foreign or an old one.
   */
  async open(text: unknown, binding: CursorBinding): Promise<CursorPosition> {
    const position = await this.#tryOpen(text, binding);
    if (position === undefined) throw tenantryError("CURSOR_INVALID", {});
    return position;
  }

  async #tryOpen(text: unknown, binding: CursorBinding): Promise<CursorPosition | undefined> {
    const bytes = strictDecode(text);
    if (bytes?.readUInt8(0) !== formatVersion) return undefined;
    const header = bytes.subarray(0, headerBytes);
    const key = await this.#keyring.find(header.subarray(1));
    if (key === undefined) return undefined;
    const nonce = bytes.subarray(headerBytes, headerBytes + nonceBytes);
    const tag = bytes.subarray(headerBytes + nonceBytes, headerBytes + nonceBytes + tagBytes);
    const decipher = createDecipheriv("aes-256-gcm", this.#secrets.secret(key, binding.tenantId), nonce, {
      authTagLength: tagBytes,
    });
    decipher.setAAD(this.#authenticated(header, binding)).setAuthTag(tag);
    const sealed = bytes.subarray(headerBytes + nonceBytes + tagBytes);
    let claims: Buffer;
    try {
      claims = Buffer.concat([decipher.update(sealed), decipher.final()]);
    } catch {
      return undefined;
    }
    const direction = directions[claims.readUInt8(0)];
    if (direction === undefined || claims.readUIntBE(1, expiryBytes) <= this.#now()) return undefined;
    return { direction, cut: new Uint8Array(claims.subarray(1 + expiryBytes)) };
  }
}
