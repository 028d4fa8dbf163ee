/** The chain over a trail's entries: links, and the seals and checkpoints that say how far it has come. */
import { createHmac, hkdfSync } from "node:crypto";
import { tenantryError } from "../errors/index.js";
import type { TenantId } from "../tenant/index.js";
import { equalBytes, pack, unpack } from "../tuple/index.js";
import { trailParts } from "./entry.js";

/** A place in a chain: how many entries there are up to it, the last one's stamp, and the link after it. */
export interface ChainPoint {
  readonly count: number;
  /** 12 bytes; empty before the first entry. */
  readonly stamp: Uint8Array;
  readonly link: Uint8Array;
}

/** A place in a chain that somebody with the key has vouched for. */
export interface ChainSeal extends ChainPoint {
  /** Names the key. */
  readonly keyId: Uint8Array;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Entries up to the seal or checkpoint before it; undefined where it does not say, as those of before do not. */
  readonly previous: number | undefined;
}

/** What the bytes of a seal are authenticated as: one is never taken for the other. */
export type SealRole = "seal" | "checkpoint";

/** Of checkpoints, and of the seals of before. */
const format = 1;
/** Of seals that say which one was before them. */
const linkedFormat = 2;
const linkBytes = 32;

/** Before the first entry. */
export const chainBegin: ChainPoint = { count: 0, stamp: new Uint8Array(), link: new Uint8Array(linkBytes) };

/** The key of the seal after `count` entries. */
export const sealKey = (count: number): Uint8Array => pack([trailParts.seals, count]);

/** The key of the checkpoint. */
export const checkpointKey = (): Uint8Array => pack([trailParts.checkpoint]);

/** The chain of one incarnation of a tenant under one key: entries of another tenant's chain fit nowhere in it. */
export class AuditChain {
  readonly keyId: Uint8Array;
  readonly #key: Uint8Array;

  constructor(key: { readonly id: Uint8Array; readonly secret: Uint8Array }, tenant: TenantId, incarnation: number) {
    this.keyId = key.id;
    const use = `tenantry audit chain\0${tenant}\0${incarnation}`;
    this.#key = new Uint8Array(hkdfSync("sha256", key.secret, "", use, 32));
  }

  /** The place after one entry more. */
  next({ count, link }: ChainPoint, stamp: Uint8Array, value: Uint8Array): ChainPoint {
    const mac = createHmac("sha256", this.#key).update("entry\0").update(link).update(stamp).update(value);
    return { count: count + 1, stamp, link: mac.digest() };
  }

  /** The stored form of a seal of this key; `previous` is where the seal before it stands. */
  encode(role: SealRole, { count, stamp, link }: ChainPoint, at: number, previous?: number | undefined): Uint8Array {
    const fields =
      previous === undefined
        ? [format, this.keyId, count, stamp, link, at]
        : [linkedFormat, this.keyId, count, stamp, link, at, previous];
    return pack([...fields, this.#tag(role, pack(fields))]);
  }

  /** Whether stored bytes are a seal made with this key. @throws AUDIT_TRAIL_CORRUPT */
  vouches(role: SealRole, bytes: Uint8Array): boolean {
    const { count, stamp, link, at, previous } = decodeSeal(bytes);
    return equalBytes(bytes, this.encode(role, { count, stamp, link }, at, previous));
  }

  #tag(role: SealRole, bytes: Uint8Array): Uint8Array {
    return createHmac("sha256", this.#key).update(`${role}\0`).update(bytes).digest();
  }
}

/** What stored bytes of a seal say; whether that is so, the chain of its key knows. @throws AUDIT_TRAIL_CORRUPT */
export function decodeSeal(bytes: Uint8Array): ChainSeal {
  try {
    const [version, keyId, count, stamp, link, at, last] = unpack(bytes);
    const previous = version === linkedFormat ? last : undefined;
    if (
      (version === format || (version === linkedFormat && typeof previous === "number")) &&
      keyId instanceof Uint8Array &&
      typeof count === "number" &&
      stamp instanceof Uint8Array &&
      stamp.length === 12 &&
      link instanceof Uint8Array &&
      typeof at === "number"
    ) {
      return { keyId, count, stamp, link, at, previous: typeof previous === "number" ? previous : undefined };
    }
  } catch (cause) {
    throw tenantryError("AUDIT_TRAIL_CORRUPT", {}, { cause });
  }
  throw tenantryError("AUDIT_TRAIL_CORRUPT", {});
}
