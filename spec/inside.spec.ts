/**
 * The library does not depend on where it is called: every method, inside every kind of function, with cold caches.
 * Left out of the quick run.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { allow, roles } from "../lib/access/index.js";
import type { Database } from "../lib/database.js";
import { type Engine, memory, openEngine } from "../lib/engine/index.js";
import { cursorKeysReloadMs } from "../lib/limits/index.js";
import { open } from "../lib/open.js";
import type { ReadRepository, TransactionRepository } from "../lib/repository/index.js";
import { entity } from "../lib/schema/index.js";
import { type TenantId, tenantContext } from "../lib/tenant/index.js";
import type { Tenant, TenantScope } from "../lib/tenant-handle.js";
import { ManualClock } from "./observe/manual-clock.js";

const Note = entity("note", {
  version: 1,
  schema: z.object({ id: z.int(), rank: z.int(), text: z.string().default(""), until: z.date().optional() }),
  id: ["id"],
  indexes: { byRank: { fields: ["rank"] }, byText: { fields: ["text", "id"], unique: true } },
  aggregates: { all: { count: true }, perRank: { count: true, by: ["rank"] }, views: { counter: true } },
  expires: "until",
});
type Note = typeof Note;

const policy = roles({
  author: [allow("manage", Note, { where: { text: { $ne: "hidden" } } })],
  all: [allow("manage", "all")],
});

const drained = async (work: AsyncIterable<unknown>): Promise<void> => {
  for await (const _ of work);
};

/** Every method that reads, by what it is called with. */
const reads: Readonly<Record<string, (notes: ReadRepository<Note>) => unknown>> = {
  get: (notes) => notes.get(1),
  require: (notes) => notes.require(1),
  entry: (notes) => notes.entry(1),
  has: (notes) => notes.has(1),
  getMany: (notes) => notes.getMany([1, 2, 99]),
  list: (notes) => notes.list({ index: "byRank" }),
  first: (notes) => notes.first({ index: "byRank" }),
  scan: (notes) => drained(notes.scan({ index: "byRank" })),
  page: async (notes) => {
    const { next } = await notes.page({ index: "byRank", size: 1 });
    expect(next).toBeDefined();
    await notes.page({ index: "byRank", size: 1, cursor: next });
  },
  count: (notes) => notes.count({ index: "byRank" }),
  explain: (notes) => notes.explain({ index: "byRank" }),
};
/** Those that take the right to all records. */
const wholes: typeof reads = {
  counters: (notes) => notes.counters(1),
  aggregate: (notes) => notes.aggregate("all"),
  groups: (notes) => notes.groups("perRank"),
  verify: (notes) => notes.verify(),
};
const writes: Readonly<Record<string, (notes: TransactionRepository<Note>) => unknown>> = {
  create: (notes) => notes.create({ id: 10, rank: 1, text: "10" }),
  createMany: (notes) => notes.createMany([{ id: 11, rank: 1, text: "11" }]),
  put: (notes) => notes.put({ id: 1, rank: 7, text: "1" }),
  putMany: (notes) => notes.putMany([{ id: 2, rank: 7, text: "2" }]),
  update: (notes) => notes.update(1, (note) => ({ ...note, rank: note.rank + 1 })),
  patch: (notes) => notes.patch(1, { rank: 3 }),
  add: (notes) => notes.add(1, { views: 1 }),
  delete: (notes) => notes.delete(2),
  deleteMany: (notes) => notes.deleteMany([10, 11]),
};

let inner: Engine;
let tenantId: TenantId;
const clock = new ManualClock();

const settings = {
  entities: [Note],
  audit: {},
  roles: policy,
  quotas: {
    plans: {
      free: {
        entities: { note: { records: 1_000 } },
        resources: { seats: 5 },
        rates: { calls: { perMinute: 60_000, burst: 6_000 } },
      },
    },
    defaultPlan: "free",
  },
} as const;
const fresh = (): Promise<Database> => open({ ...settings, engine: inner, clock });

beforeAll(async () => {
  inner = await openEngine(memory());
  const db = await fresh();
  tenantId = (await db.tenants.provision({ name: "t", plan: "free" })).id;
  await db
    .tenant(tenantId)
    .repository(Note)
    .putMany([1, 2, 3].map((id) => ({ id, rank: id, text: String(id) })));
  await db.close();
});
afterAll(() => inner.close());

/** Runs `work` in a process that has just begun, and once more when what it had kept is due to be read again. */
async function coldAndStale(work: (db: Database) => Promise<void>): Promise<void> {
  const db = await fresh();
  await work(db);
  clock.move(cursorKeysReloadMs + 1);
  await work(db);
  await db.close();
}
const handles: Readonly<Record<string, (db: Database) => Tenant>> = {
  "the program": (db) => db.tenant(tenantId),
  "a subject with conditions": (db) =>
    db.tenant(tenantId, { context: tenantContext({ tenant: tenantId, subject: "ada", roles: ["author"] }) }),
  "a subject with all rights": (db) =>
    db.tenant(tenantId, { context: tenantContext({ tenant: tenantId, subject: "bob", roles: ["all"] }) }),
};

describe.each(Object.entries(handles))("called by %s", (who, of) => {
  const mayAll = who !== "a subject with conditions";
  const reading = Object.entries(mayAll ? { ...reads, ...wholes } : reads);
  const all = [...reading, ...Object.entries(writes)] as [string, (notes: TransactionRepository<Note>) => unknown][];

  test.each(reading)("%s works inside `read`", async (_, method) => {
    await coldAndStale(async (db) => {
      await of(db).read(async (tx) => void (await method(tx.repository(Note))));
    });
  });

  test.each(all)("%s works inside `transact`, alone and beside another", async (_, method) => {
    await coldAndStale(async (db) => {
      await of(db).transact(async (tx) => {
        await method(tx.repository(Note));
        await tx.repository(Note).deleteMany([10, 11]);
      });
      await of(db).transact(async (tx) => {
        await Promise.all([method(tx.repository(Note)), tx.repository(Note).list({ index: "byText" })]);
        await tx.repository(Note).deleteMany([10, 11]);
        await tx.repository(Note).put({ id: 2, rank: 2, text: "2" });
      });
    });
  });

  test.each(all)("%s works in a function to run after the commit", async (_, method) => {
    await coldAndStale(async (db) => {
      let done: unknown;
      await of(db).transact(async (tx) => {
        await tx.repository(Note).deleteMany([10, 11]);
        await tx.repository(Note).put({ id: 2, rank: 2, text: "2" });
        tx.afterCommit(async () => {
          await method(of(db).repository(Note));
          done = true;
        });
      });
      expect(done).toBe(true);
    });
  });

  test.each(all)("%s works in the body of a scan, and where progress is told", async (_, method) => {
    await coldAndStale(async (db) => {
      const notes = of(db).repository(Note);
      const clear = async (): Promise<void> => {
        await notes.deleteMany([10, 11]);
        await notes.put({ id: 2, rank: 2, text: "2" });
      };
      await clear();
      for await (const { id } of notes.scan()) if (id === 1) await method(notes);
      await clear();
      let told = 0;
      await notes.transform({}, () => undefined, {
        onProgress: async () => {
          if (told++ === 0) await method(notes);
        },
      });
      expect(told).toBeGreaterThan(0);
    });
  });
});

describe("beside the records", () => {
  const parts: Readonly<Record<string, (tx: TenantScope) => unknown>> = {
    claims: (tx) => tx.claims("seats").claim("ada"),
    release: (tx) => tx.claims("seats").release("ada"),
    afterCommit: (tx) => tx.afterCommit(() => {}),
  };
  test.each(Object.entries(parts))("%s works inside `transact`", async (_, part) => {
    await coldAndStale(async (db) => {
      await db.tenant(tenantId).transact(async (tx) => void (await part(tx)));
    });
  });

  test.each(Object.entries({ ...reads, ...wholes, ...writes }))("%s works in a seed", async (_, method) => {
    const seed = async (tx: { repository(of: Note): TransactionRepository<Note> }): Promise<undefined> => {
      const notes = tx.repository(Note);
      await notes.putMany([1, 2, 3].map((id) => ({ id, rank: id, text: String(id) })));
      await (method as (of: TransactionRepository<Note>) => unknown)(notes);
      return undefined;
    };
    const db = await open({
      ...settings,
      engine: inner,
      clock,
      provisioning: { seed: [{ name: "first", run: seed }] },
    });
    const { state } = await db.tenants.provision({ name: "seeded", plan: "free" });
    expect(state).toBe("active");
    await db.close();
  });
});
