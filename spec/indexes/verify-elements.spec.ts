/** Verifying an index over array elements: as much work as there are elements, and each kind of damage is found. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type Engine, memory, openEngine } from "../../lib/engine/index.js";
import { type Database, entity, open } from "../../lib/index.js";
import { indexPrefix, Keyspace, recordPrefix } from "../../lib/keyspace/index.js";
import { recording } from "../../lib/testing/index.js";
import { concatBytes, pack } from "../../lib/tuple/index.js";

const Post = entity("post", {
  version: 1,
  schema: z.object({ id: z.int(), tags: z.array(z.string()), lines: z.array(z.object({ sku: z.int() })) }),
  id: ["id"],
  indexes: {
    byTag: { fields: [{ each: "tags" }], stored: ["lines"] },
    bySku: { fields: [{ each: "lines.sku" }], unique: true },
  },
});

const post = (id: number, tags: number) => ({
  id,
  tags: Array.from({ length: tags }, (_, tag) => `t${tag}`),
  lines: [{ sku: id * 10 }, { sku: id * 10 + 1 }],
});

describe("verifying an index over elements", () => {
  let engine: Engine;
  let db: Database;
  beforeAll(async () => {
    engine = await openEngine(memory());
    db = await open({ engine, entities: [Post] });
  });
  afterAll(async () => {
    await db.close();
    await engine.close();
  });

  async function posts(records: number, tags: number) {
    const { id } = await db.tenants.provision({ name: "posts" });
    const repository = db.tenant(id).repository(Post);
    await repository.createMany(Array.from({ length: records }, (_, at) => post(at, tags)));
    const range = new Keyspace().tenant(id);
    const key = (index: string, ...values: Parameters<typeof pack>[0][]): Uint8Array =>
      range.absolute(concatBytes(indexPrefix("post", index), pack(values.flat())));
    const damage = async (work: (transaction: ReturnType<Engine["begin"]>) => void): Promise<void> => {
      const transaction = engine.begin();
      work(transaction);
      await transaction.commit();
    };
    return { id, repository, key, damage, range };
  }

  test("reads each record as often however many elements it has", async () => {
    const gets = async (tags: number): Promise<number> => {
      const { id } = await posts(20, tags);
      const watched = recording(engine);
      const other = await open({ engine: watched, entities: [Post] });
      const records = new Keyspace().tenant(id).absolute(recordPrefix("post"));
      const from = watched.accesses.length;
      expect(await other.tenant(id).repository(Post).verify()).toEqual([]);
      const isRecord = (key: Uint8Array): boolean => Buffer.from(key).subarray(0, records.length).equals(records);
      const seen = watched.accesses
        .slice(from)
        .filter(({ operation, begin }) => operation === "get" && isRecord(begin));
      await other.close();
      return seen.length;
    };
    const few = await gets(4);
    expect(few).toBeGreaterThan(0);
    expect(await gets(200)).toBe(few);
  });

  test("finds what is missing, has no record, or is another than its record says, each by its id", async () => {
    const { repository, key, damage, range } = await posts(3, 3);
    await damage((transaction) => {
      transaction.clear(key("byTag", ["t1", 0]));
      transaction.set(key("byTag", ["t9", 1]), new Uint8Array());
      transaction.set(key("byTag", ["t0", 7]), new Uint8Array());
      transaction.set(key("byTag", ["t2", 1]), Uint8Array.of(1, 2, 3));
      transaction.set(range.absolute(concatBytes(indexPrefix("post", "byTag"), Uint8Array.of(0x15))), new Uint8Array());
      transaction.clear(range.absolute(concatBytes(recordPrefix("post"), pack([2]))));
    });
    const defects = await repository.verify();
    expect(
      defects.map((defect) => ("index" in defect ? `${defect.kind} ${defect.index} ${defect.id}` : "")).sort(),
    ).toEqual([
      "missing byTag 0",
      "orphan bySku 2",
      "orphan bySku 2",
      "orphan byTag 2",
      "orphan byTag 2",
      "orphan byTag 2",
      "orphan byTag 7",
      "stale byTag 1",
      "unreadable byTag undefined",
      "unreadable byTag undefined",
    ]);
  });

  test("finds nothing beside writers", async () => {
    const { repository } = await posts(30, 20);
    let done = false;
    const writing = (async () => {
      for (let at = 0; !done; at++) {
        const id = at % 30;
        await repository.put({ ...post(id, 1 + (at % 20)), lines: [{ sku: 1_000 + at }] });
        if (at % 7 === 0) await repository.delete(id);
      }
    })();
    for (let round = 0; round < 5; round++) expect(await repository.verify()).toEqual([]);
    done = true;
    await writing;
    expect(await repository.verify()).toEqual([]);
  });
});
