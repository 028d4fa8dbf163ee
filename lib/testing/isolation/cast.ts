/** The cast of one run: a tenant that acts, a neighbour one bit away, and a stranger. */
import { type TenantId, tenantIdFromBytes } from "../../tenant/index.js";
import { SeededRandom } from "./captured.js";

/** The tenants of one run. */
export interface Cast {
  readonly acting: TenantId;
  /** Its id differs from that of the acting one in a single bit. */
  readonly neighbour: TenantId;
  readonly stranger: TenantId;
}

/** Bits of a version 4 UUID that are not free: the version in byte 6, the variant in byte 8. */
const fixedBits: readonly number[] = [48, 49, 50, 51, 64, 65];
const freeBits = Array.from({ length: 128 }, (_, bit) => bit).filter((bit) => !fixedBits.includes(bit));

function randomId(random: SeededRandom): Uint8Array {
  const bytes = random.bytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes;
}

/** The tenants that follow from a seed and from which of the 122 free bits tells the neighbour. */
export function castOf(seed: number, bit: number): Cast {
  const random = new SeededRandom(seed);
  const acting = randomId(random);
  const flipped = freeBits[bit % freeBits.length] ?? 127;
  const neighbour = acting.slice();
  neighbour[flipped >> 3] = (neighbour[flipped >> 3] ?? 0) ^ (0x80 >> (flipped & 7));
  return {
    acting: tenantIdFromBytes(acting),
    neighbour: tenantIdFromBytes(neighbour),
    stranger: tenantIdFromBytes(randomId(random)),
  };
}
