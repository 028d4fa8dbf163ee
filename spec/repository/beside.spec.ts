/** Reads beside writes of one transaction: each sees the records as they are between two writes, and nothing looks damaged. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Database } from "../../lib/database.js";
import { type Engine, memory, openEngine } from "../../lib/engine/index.js";
import { open } from "../../lib/open.js";
import { ViewLock } from "../../lib/repository/write/view-lock.js";
import { entity, type Infer } from "../../lib/schema/index.js";
import { faulty } from "../../lib/testing/index.js";
import { siblings } from "../../lib/transaction/index.js";
import { runs } from "../runs.js";

const Note = entity("note", {
  version: 1,
  schema: z.object({ id: z.int(), rank: z.int(), text: z.string().default("") }),
  id: ["id"],
  indexes: { byRank: { fields: ["rank"] } },
  recordBytesMax: 400_000,
});
type Note = Infer<typeof Note>;

/** Large ones are several rows. */
const text = fc.constantFrom("", "a", "x".repeat(150_000), "y".repeat(250_000));
const id = fc.integer({ min: 0, max: 5 });
const step = fc.oneof(
  fc.record({ do: fc.constant("put" as const), note: fc.record({ id, rank: fc.nat(3), text }) }),
  fc.record({ do: fc.constant("patch" as const), id, rank: fc.nat(3) }),
  fc.record({ do: fc.constant("delete" as const), id }),
  fc.record({ do: fc.constantFrom("list", "byRank", "page", "count", "getMany", "verify", "scan"), from: fc.nat(3) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

describe("in one transaction", () => {
  let inner: Engine;
  const databases: Database[] = [];
  beforeAll(async () => {
    inner = await openEngine(memory());
    // An engine whose reads take their time as well.
    for (const engine of [inner, faulty(inner, { seed: 1, rates: {} })]) {
      databases.push(await open({ engine, entities: [Note], cursorKeys: [new Uint8Array(32)] }));
    }
  });
  afterAll(async () => {
    for (const db of databases) await db.close();
    await inner.close();
  });

  test("reads started together with writes see the records between two of them", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ id, rank: fc.nat(3), text }), { maxLength: 6 }),
        fc.array(step, { minLength: 2, maxLength: 12 }),
        fc.constantFrom(0, 1),
        async (first, steps, of) => {
          const db = databases[of] ?? databases[0];
          const { id: tenantId } = await (db as Database).tenants.provision({ name: "t" });
          const tenant = (db as Database).tenant(tenantId);
          await tenant.repository(Note).putMany(first);
          const seen = await tenant.transact(async (tx) => {
            const notes = tx.repository(Note);
            const answers = steps.map(async (each: Step): Promise<readonly Note[]> => {
              if (each.do === "put") await notes.put(each.note);
              else if (each.do === "patch") {
                await notes.patch(each.id, { rank: each.rank }).catch((error: unknown) => {
                  if (!(error instanceof Error && "code" in error && error.code === "RECORD_NOT_FOUND")) throw error;
                });
              } else if (each.do === "delete") await notes.delete(each.id);
              else if (each.do === "list") return notes.list();
              else if (each.do === "byRank") {
                const found = await notes.list({ index: "byRank", from: each.from });
                expect(found.map(({ rank }) => rank)).toEqual(found.map(({ rank }) => rank).toSorted());
                expect(found.every(({ rank }) => rank >= each.from)).toBe(true);
                return found;
              } else if (each.do === "page") return (await notes.page({ index: "byRank", size: 3 })).items;
              else if (each.do === "count") await notes.count({ index: "byRank" });
              else if (each.do === "getMany") {
                return (await notes.getMany([0, 1, 2, 3, 4, 5])).filter((note) => note !== undefined);
              } else if (each.do === "verify") expect(await notes.verify()).toEqual([]);
              else {
                const found: Note[] = [];
                for await (const note of notes.scan({ index: "byRank" })) {
                  found.push(note);
                  // User code between the steps of a scan may write.
                  if (found.length === 1) await notes.put({ id: 9, rank: 0 });
                }
                return found;
              }
              return [];
            });
            const all = await Promise.all(answers);
            return { all: all.flat(), last: await notes.list() };
          });
          for (const { text: of } of seen.all) {
            // A large record is never put together of two.
            expect(new Set(of).size).toBeLessThanOrEqual(1);
          }
          expect(await tenant.repository(Note).verify()).toEqual([]);
          expect(await tenant.repository(Note).list()).toEqual(seen.last);
        },
      ),
      { numRuns: runs(60) },
    );
  });
});

describe("a view lock", () => {
  test("lets no write in while reads run, nor reads past a write that waits", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), fc.nat(4)), { maxLength: 20 }), async (work) => {
        const lock = new ViewLock();
        let [readers, writers] = [0, 0];
        const entered: number[] = [];
        const ticks = async (n: number): Promise<void> => {
          for (let tick = 0; tick < n; tick++) await undefined;
        };
        const running = work.map(async ([reads, n], at) => {
          if (reads) {
            await lock.read(async () => {
              entered.push(at);
              readers += 1;
              expect(writers).toBe(0);
              await ticks(n);
              readers -= 1;
            });
            return;
          }
          await lock.beginWrite();
          entered.push(at);
          writers += 1;
          expect([readers, writers]).toEqual([0, 1]);
          writers -= 1;
          lock.endWrite();
        });
        await Promise.all(running);
        // In the order in which they came.
        expect(entered).toEqual(work.map((_, at) => at));
        expect(lock.beginWrite()).toBeUndefined();
      }),
      { numRuns: runs(200) },
    );
  });

  test("is free again after a read that fails", async () => {
    const lock = new ViewLock();
    await expect(lock.read(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(lock.beginWrite()).toBeUndefined();
  });
});

describe("siblings", () => {
  test("have all ended when one has failed", async () => {
    let running = 0;
    const slow = async (): Promise<void> => {
      running += 1;
      await new Promise(setImmediate);
      running -= 1;
    };
    await expect(siblings([slow(), Promise.reject(new Error("no")), slow()])).rejects.toThrow("no");
    expect(running).toBe(0);
    expect(await siblings([Promise.resolve(1), "two"])).toEqual([1, "two"]);
  });
});
