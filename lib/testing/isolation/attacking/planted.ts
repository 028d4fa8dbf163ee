/** What is planted: secrets in the records of tenants and in memory that all of them share, and the search for these. */
import { isAnyArrayBuffer } from "node:util/types";
import { z } from "zod";
import { entity, type Infer, modelOf } from "../../../schema/index.js";
import { reachable } from "../mention.js";

/** An entity with a value of every kind that can be stored, for entities that have few to lie about. */
export const Planted = entity("tenantry-laws-planted", {
  version: 1,
  schema: z.object({
    id: z.string(),
    part: z.instanceof(Uint8Array),
    text: z.string(),
    bytes: z.instanceof(Uint8Array),
    at: z.date(),
    list: z.array(z.string()),
    map: z.map(z.string(), z.number()),
    set: z.set(z.string()),
    inner: z.object({ bytes: z.instanceof(Uint8Array), at: z.date().optional() }),
    loose: z.looseObject({}),
    any: z.unknown(),
  }),
  id: ["id", "part"],
  indexes: { byText: { fields: ["text"] }, byBytes: { fields: ["bytes"], unique: true } },
  aggregates: { perText: { count: true, by: ["text"] } },
});

const bytesLength = 2_000;

/** A text that only one tenant has. */
export class Secret {
  readonly text: string;
  readonly #bytes: Buffer;
  readonly #primer: Infer<typeof Planted>;
  #kept: Buffer[] = [];

  constructor(name: string, seed: number) {
    this.text = `${name}:${seed.toString(36)}.`;
    this.#bytes = Buffer.from(this.text);
    this.#primer = modelOf(Planted).parse(this.record(0));
  }

  /** A record with the secret wherever one can be. */
  record(n: number) {
    const { text } = this;
    const bytes = Uint8Array.from(Buffer.alloc(bytesLength, text));
    return {
      id: `${text}${n}`,
      part: bytes.slice(0, 40),
      text: `${text.repeat(9)}${n}`,
      bytes: Uint8Array.of(...bytes.subarray(0, 200), n),
      at: new Date(n),
      list: [text, text],
      map: new Map([[text, n]]),
      set: new Set([text]),
      inner: { bytes },
      loose: { [text]: text },
      any: [text.repeat(30)],
    };
  }

  /** Has the process encode the secret, and leave it in memory that is given out again. */
  prime(): void {
    modelOf(Planted).encodeRecord(this.#primer, 1);
    // Some in the pool that Node's buffers are cut from, some that soon is nobody's.
    this.#kept = [
      Buffer.from(this.text.repeat(60)),
      Buffer.allocUnsafeSlow(70_000).fill(this.#bytes),
      ...this.#kept,
    ].slice(0, 6);
  }

  /** The first place within reach of `value` that has the secret; undefined when there is none. */
  traceIn(value: unknown): string | undefined {
    for (const { path, value: found } of reachable(value)) {
      if (typeof found === "string" && found.includes(this.text)) return path;
      if (isAnyArrayBuffer(found) && found.byteLength > 0 && Buffer.from(found).includes(this.#bytes)) return path;
    }
    return undefined;
  }
}
