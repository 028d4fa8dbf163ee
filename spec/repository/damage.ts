/** Damage to stored rows behind the library's back, for specs of what becomes of it. */
import fc from "fast-check";
import { z } from "zod";
import { type Engine, memory, openEngine } from "../../lib/engine/index.js";
import { isTenantryError } from "../../lib/errors/index.js";
import { chunkPrefix, Keyspace, recordPrefix } from "../../lib/keyspace/index.js";
import { isSplit } from "../../lib/records/index.js";
import { entity, modelOf } from "../../lib/schema/index.js";
import type { TenantId } from "../../lib/tenant/index.js";
import { concatBytes, tupleRange } from "../../lib/tuple/index.js";
import { arrayEngine } from "../engine/array-engine.js";

export const Note = entity("note", {
  version: 1,
  schema: z.object({
    id: z.int(),
    text: z.string(),
    size: z.number().default(0.5),
    tags: z.array(z.string()).default([]),
    until: z.date().optional(),
    rest: z.string().default(""),
  }),
  id: ["id"],
  indexes: {
    byText: { fields: ["text"], unique: true },
    byTag: { fields: [{ each: "tags" }] },
    bySize: { fields: ["size"], stored: ["text"] },
  },
  aggregates: { all: { count: true }, reads: { counter: true } },
  expires: "until",
  recordBytesMax: 1_000_000,
});

const model = modelOf(Note);

/** Engines of both ways to read: in the engine's memory, and of copies. */
export const engines: readonly (readonly [name: string, make: () => Promise<Engine>])[] = [
  ["memory()", () => openEngine(memory())],
  ["an engine that copies what it reads", async () => arrayEngine()],
];

/** Makes other bytes of a row's. */
export type Change = (row: Uint8Array) => Uint8Array;

/** Takes a row's last byte. */
export const cut: Change = (row) => row.subarray(0, row.length - 1);

/** Bits that flip, a row that was cut, or random bytes in its place. */
export const changes: fc.Arbitrary<Change> = fc.oneof(
  fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 4 }).map((flips) => (row: Uint8Array) => {
    const copy = Uint8Array.from(row);
    for (const [at, bit] of flips) copy[at % copy.length] = Number(copy[at % copy.length]) ^ (1 << bit);
    return copy;
  }),
  fc.nat().map((length) => (row: Uint8Array) => row.slice(0, length % row.length)),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => () => bytes),
);

/** What a row is: a record; damaged; what another program may read; nothing. */
export type Condition = "record" | "damaged" | "unknown" | "none";

/** The rows of an engine, reached past the library. */
export class RawRows {
  readonly #engine: Engine;
  readonly #keyspace = new Keyspace();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  key(tenant: TenantId, id: number): Uint8Array {
    return this.#keyspace.tenant(tenant).absolute(concatBytes(recordPrefix("note"), model.encodeId(id)));
  }

  async row(tenant: TenantId, id: number): Promise<Uint8Array | undefined> {
    return await this.#engine.begin().get(this.key(tenant, id));
  }

  /** Changes what is stored under a record's key; undefined takes it away. */
  async damage(tenant: TenantId, id: number, change: Change | undefined): Promise<void> {
    const transaction = this.#engine.begin();
    const key = this.key(tenant, id);
    const row = await transaction.get(key);
    if (row === undefined) throw new Error("there is no such row");
    if (change === undefined) transaction.clear(key);
    else transaction.set(key, change(row));
    await transaction.commit();
  }

  /** How many chunks a record has. */
  async chunks(tenant: TenantId, id: number): Promise<number> {
    const { begin, end } = tupleRange(this.#keyspace.tenant(tenant).absolute(chunkPrefix("note", model.encodeId(id))));
    const at = (key: Uint8Array) => ({ key, orEqual: false, offset: 1 });
    return (await this.#engine.begin().getRange(at(begin), at(end))).rows.length;
  }

  /** What a row is that had no chunks before it was damaged. */
  async condition(tenant: TenantId, id: number): Promise<Condition> {
    const row = await this.row(tenant, id);
    if (row === undefined) return "none";
    try {
      model.decodeRecord(row);
      // It says that there are chunks, and there are none.
      return isSplit(row) ? "damaged" : "record";
    } catch (error) {
      if (isTenantryError(error, "VALUE_CORRUPT", "VALUE_FORMAT_UNKNOWN")) return "damaged";
      if (isSplit(row)) return "damaged";
      return "unknown";
    }
  }
}
