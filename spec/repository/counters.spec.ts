/** Counters: numbers beside a record's fields, added to by any number of writers, that begin and end with it. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import type { Database } from "../../lib/database.js";
import { type Engine, memory, openEngine } from "../../lib/engine/index.js";
import { isTenantryError } from "../../lib/errors/index.js";
import { counterPrefix, Keyspace } from "../../lib/keyspace/index.js";
import { systemClock } from "../../lib/observe/index.js";
import { open } from "../../lib/open.js";
import type { TransactionRepository } from "../../lib/repository/index.js";
import { entity } from "../../lib/schema/index.js";
import { faulty, recording } from "../../lib/testing/index.js";
import { concatBytes, pack } from "../../lib/tuple/index.js";
import { runs } from "../runs.js";
import { impatient, rates } from "./fault-mix.js";

const Page = entity("page", {
  version: 1,
  schema: z.object({ site: z.string(), path: z.string(), title: z.string(), until: z.date().optional() }),
  id: ["site", "path"],
  aggregates: { views: { counter: true }, likes: { counter: true }, perSite: { count: true, by: ["site"] } },
  expires: "until",
});
type Repository = TransactionRepository<typeof Page>;
type Id = readonly [site: string, path: string];

/** A promise and what resolves it. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

describe("counters", () => {
  let at = 1_000_000;
  const clock = { ...systemClock, now: () => at };
  let inner: Engine;
  let db: Database;
  beforeAll(async () => {
    inner = await openEngine(memory());
    db = await open({ engine: inner, entities: [Page], clock });
  });
  afterAll(async () => {
    await db.close();
    await inner.close();
  });
  const host = async () => {
    const { id } = await db.tenants.provision({ name: "host" });
    return { id, tenant: db.tenant(id), repository: db.tenant(id).repository(Page) };
  };
  const page = ([site, path]: Id) => ({ site, path, title: "t" });

  const ids = fc.constantFrom<Id>(["a", ""], ["a", "\0"], ["a\0", ""], ["a", "views"]);
  const amounts = fc.record({ views: fc.integer({ min: -3, max: 3 }), likes: fc.integer() }, { requiredKeys: [] });
  const hows = fc.constantFrom("create" as const, "put" as const, "delete" as const, "patch" as const, "add" as const);
  const steps = fc.array(fc.tuple(hows, ids, amounts), { minLength: 1, maxLength: 15 });
  type Step = readonly ["create" | "put" | "delete" | "patch" | "add", Id, { views?: number; likes?: number }];

  const run = (repository: Repository, [how, id, more]: Step): Promise<unknown> => {
    if (how === "create" || how === "put") return repository[how](page(id));
    if (how === "delete") return repository.delete(id);
    return how === "patch" ? repository.patch(id, { title: "u" }) : repository.add(id, more);
  };

  async function assertFollows(sequence: readonly Step[], repository: Repository, calm: Repository): Promise<void> {
    const model = new Map<string, { views: number; likes: number }>();
    for (const step of sequence) {
      const [how, id, more] = step;
      const key = JSON.stringify(id);
      const own = model.get(key);
      const code = await run(repository, step).then(
        () => undefined,
        (error: unknown) => (isTenantryError(error) ? error.code : expect.unreachable(String(error))),
      );
      if (how === "create") expect(code).toBe(own === undefined ? undefined : "RECORD_EXISTS");
      if (how === "patch" || how === "add") expect(code).toBe(own === undefined ? "RECORD_NOT_FOUND" : undefined);
      if (how === "delete") model.delete(key);
      if ((how === "create" || how === "put") && own === undefined) model.set(key, { views: 0, likes: 0 });
      if (how === "add" && own !== undefined) {
        model.set(key, { views: own.views + (more.views ?? 0), likes: own.likes + (more.likes ?? 0) });
      }
      expect(await calm.counters(id)).toEqual(model.get(key));
      expect(await calm.verify()).toEqual([]);
    }
  }

  test("are what was added since their record was created, whatever else is done to it", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const { repository } = await host();
        await assertFollows(sequence, repository, repository);
      }),
      { numRuns: runs(20) },
    );
  });

  test("are so on an engine that conflicts, ages and loses answers", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), steps, async (seed, sequence) => {
        const { id, repository } = await host();
        const faults = faulty(inner, { seed, rates, delayMs: 2 });
        const troubled = await open({ engine: faults, entities: [Page], random: impatient, clock });
        await assertFollows(sequence, troubled.tenant(id).repository(Page), repository);
        await troubled.close();
        await faults.settled();
      }),
      { numRuns: runs(5) },
    );
  });

  test("end with a record that is removed while a transaction adds to them, which then does not find it", async () => {
    const { repository, tenant } = await host();
    const id = ["a", "b"] as const;
    await repository.create(page(id));
    const [added, removed] = [gate(), gate()];
    const adding = tenant.transact(async (tx) => {
      await tx.repository(Page).add(id, { views: 1 });
      added.open();
      await removed.opened;
    });
    const refused = expect(adding).rejects.toMatchObject({ code: "RECORD_NOT_FOUND" });
    await added.opened;
    await repository.delete(id);
    removed.open();
    await refused;
    expect(await repository.verify()).toEqual([]);
  });

  test("end with their record, whoever adds to them at the time", async () => {
    const { repository, tenant } = await host();
    const id = ["a", "b"] as const;
    for (let round = 0; round < 5; round++) {
      await repository.create(page(id));
      const adding = Array.from({ length: 8 }, () => repository.add(id, { views: 1 }).catch(() => {}));
      await Promise.all([...adding, repository.delete(id)]);
      expect(await repository.counters(id)).toBeUndefined();
      expect(await repository.verify()).toEqual([]);
    }
    await repository.create({ ...page(id), until: new Date(at + 1) });
    expect(await repository.counters(id)).toEqual({ views: 0, likes: 0 });
    await repository.add(id, { views: 5 });
    at += 1;
    expect(await repository.counters(id)).toBeUndefined();
    await expect(repository.add(id, { views: 1 })).rejects.toMatchObject({ code: "RECORD_NOT_FOUND" });
    await repository.create({ ...page(id), until: new Date(at + 1) });
    expect(await repository.counters(id)).toEqual({ views: 0, likes: 0 });
    await repository.add(id, { likes: 2 });
    at += 1;
    expect(await tenant.sweep()).toEqual({ removed: 1, failed: 0 });
    expect(await repository.verify()).toEqual([]);
  });

  test("take additions without a conflict among them, or with a change of the record's fields", async () => {
    const engine = recording(inner);
    const watched = await open({ engine, entities: [Page], clock });
    const { id } = await watched.tenants.provision({ name: "busy" });
    const pages = watched.tenant(id).repository(Page);
    await pages.create(page(["a", "b"]));
    engine.take();
    const patching = Array.from({ length: 4 }, () => pages.patch(["a", "b"], { title: "u" }));
    await Promise.all([...Array.from({ length: 64 }, () => pages.add(["a", "b"], { views: 1 })), ...patching]);
    const calls = engine.take().filter(({ kind }) => kind === "written");
    const count = (operation: string) => calls.filter((call) => call.operation === operation).length;
    // One attempt for each addition; changes of the fields do conflict with each other.
    expect([count("add"), count("compareAndClear")]).toEqual([64, 64]);
    expect(await pages.counters(["a", "b"])).toEqual({ views: 64, likes: 0 });
    engine.take();
    await pages.add(["a", "b"], { views: -64, likes: 1 });
    const asked = engine.take().filter(({ kind }) => kind === "asked");
    expect(asked.map(({ operation }) => operation)).toEqual(["get", "get"]);
    await pages.counters(["a", "b"]);
    const read = engine.take().filter(({ kind }) => kind === "asked");
    expect(read.map(({ operation }) => operation).sort()).toEqual(["get", "get", "getRange"]);
    await watched.close();
  });

  test("are typed, refused where they cannot be, and found without their record", async () => {
    const { id, repository } = await host();
    const own = ["a", "b"] as const;
    await repository.create(page(own));
    const counters = await repository.counters(own);
    expectTypeOf(counters).toEqualTypeOf<{ readonly views: number; readonly likes: number } | undefined>();
    for (const wrong of [0.5, Number.NaN, 2 ** 53]) {
      await expect(repository.add(own, { views: wrong })).rejects.toMatchObject({ code: "COUNTER_INVALID" });
    }
    // @ts-expect-error no such counter
    await expect(repository.add(own, { shares: 1 })).rejects.toMatchObject({ details: { counter: "shares" } });
    // @ts-expect-error a counter is no count of records
    await expect(repository.aggregate("views")).rejects.toMatchObject({ code: "QUERY_INVALID" });
    await repository.add(own, { views: Number.MAX_SAFE_INTEGER });
    await repository.add(own, { views: 1 });
    await expect(repository.counters(own)).rejects.toMatchObject({ code: "AGGREGATE_TOO_LARGE" });
    const key = new Keyspace()
      .tenant(id)
      .absolute(concatBytes(counterPrefix("page", pack(["a", "z"])), pack(["views"])));
    const transaction = inner.begin();
    transaction.atomic("add", key, new Uint8Array(16).with(0, 1));
    await transaction.commit();
    expect(await repository.verify()).toEqual([{ part: "counters", kind: "orphan", id: ["a", "z"] }]);
    const define = (aggregates: object) => () =>
      entity("e", {
        version: 1,
        schema: z.object({ id: z.int() }),
        id: ["id"],
        aggregates: aggregates as Record<never, never>,
      });
    for (const wrong of [{ counter: false }, { counter: true, count: true }, { counter: true, by: ["id"] }]) {
      expect(define({ a: wrong })).toThrow(expect.objectContaining({ code: "ENTITY_INVALID" }));
    }
  });
});
