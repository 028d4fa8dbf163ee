/** Records that expire: gone for every way of reading from their time on, in nobody's way, and removed by a sweep. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Database } from "../../lib/database.js";
import { type Engine, memory, openEngine } from "../../lib/engine/index.js";
import { isTenantryError } from "../../lib/errors/index.js";
import { expiryKey, Keyspace, recordPrefix } from "../../lib/keyspace/index.js";
import { liveRowsLookedMax, sweepRecordsMax } from "../../lib/limits/index.js";
import { type Clock, systemClock } from "../../lib/observe/index.js";
import { open } from "../../lib/open.js";
import { RepositoryFactory, RunnerWriter, type TransactionRepository } from "../../lib/repository/index.js";
import { entity, type Infer, modelOf } from "../../lib/schema/index.js";
import { faulty, recording } from "../../lib/testing/index.js";
import type { RecordChange } from "../../lib/transaction/index.js";
import { concatBytes, pack } from "../../lib/tuple/index.js";
import { untold } from "../engine/with-capabilities.js";
import { runs } from "../runs.js";
import { openFixture } from "../transaction/fixture.js";
import { impatient, rates } from "./fault-mix.js";
import { collect } from "./shelf.js";

const Visit = entity("visit", {
  version: 1,
  schema: z.object({
    id: z.int(),
    user: z.string(),
    code: z.string().optional(),
    until: z.date().nullable().optional(),
    text: z.string().default(""),
  }),
  id: ["id"],
  indexes: {
    byUser: { fields: ["user"], stored: ["code"] },
    byCode: { fields: ["code"], unique: true },
    plain: { fields: [{ field: "user", order: "descending" }] },
  },
  aggregates: { perUser: { count: true, by: ["user"] } },
  expires: "until",
});
type Visit = Infer<typeof Visit>;
type Repository = TransactionRepository<typeof Visit>;

/** A clock whose wall stands where it is put. */
class StoppedClock implements Clock {
  at = 1_000_000;
  readonly now = (): number => this.at;
  readonly monotonic = systemClock.monotonic;
  readonly after = systemClock.after;
}

const visit = (id: number, more: Partial<Visit> = {}): Visit => ({ id, user: "u", text: "", ...more });
const at = (time: number): Date => new Date(time);

describe("records that expire", () => {
  const clock = new StoppedClock();
  let inner: Engine;
  let db: Database;
  beforeAll(async () => {
    inner = await openEngine(memory());
    db = await open({ engine: inner, entities: [Visit], clock });
  });
  afterAll(async () => {
    await db.close();
    await inner.close();
  });
  const house = async () => {
    const { id } = await db.tenants.provision({ name: "house" });
    return { id, tenant: db.tenant(id), repository: db.tenant(id).repository(Visit) };
  };

  const isLive = ({ until }: Visit): boolean => !(until instanceof Date) || until.getTime() > clock.at;
  const byId = (a: Visit, b: Visit): number => a.id - b.id;
  const byUser = (a: Visit, b: Visit): number => Buffer.compare(Buffer.from(a.user), Buffer.from(b.user)) || byId(a, b);

  async function assertAgrees(repository: Repository, model: ReadonlyMap<number, Visit>): Promise<void> {
    const live = [...model.values()].filter(isLive).sort(byId);
    expect(await repository.list()).toEqual(live);
    expect(await repository.list({ reverse: true, limit: 2 })).toEqual([...live].reverse().slice(0, 2));
    expect(await collect(repository.scan())).toEqual(live);
    expect(await collect(repository.scan({ limit: 1 }))).toEqual(live.slice(0, 1));
    expect(await repository.first()).toEqual(live[0]);
    expect([await repository.count(), await repository.count({ index: "plain" })]).toEqual([live.length, live.length]);
    expect(await repository.count({ max: 1 })).toEqual({ count: Math.min(1, live.length), exact: live.length <= 1 });
    const users = [...live].sort(byUser);
    expect(await repository.list({ index: "byUser" })).toEqual(users);
    const covered = await repository.list({ index: "byUser", select: ["id", "code"] });
    expect(covered.map(({ id }) => id)).toEqual(users.map(({ id }) => id));
    for (let id = 0; id < 6; id++) {
      const own = live.find((each) => each.id === id);
      expect([await repository.get(id), await repository.has(id)]).toEqual([own, own !== undefined]);
    }
    expect(await repository.getMany([0, 1, 2])).toEqual([0, 1, 2].map((id) => live.find((each) => each.id === id)));
    const paged: Visit[] = [];
    for (let cursor: string | undefined, more = true; more; ) {
      const page = await repository.page({ size: 2, index: "byUser", ...(cursor === undefined ? {} : { cursor }) });
      paged.push(...page.items);
      if (page.next !== undefined) expect(page.items).toHaveLength(2);
      cursor = page.next;
      more = cursor !== undefined;
    }
    expect(paged).toEqual(users);
    expect(await repository.verify()).toEqual([]);
  }

  const visits: fc.Arbitrary<Visit> = fc
    .record({
      id: fc.nat(5),
      user: fc.constantFrom("a", "a\0", "b"),
      code: fc.option(fc.constantFrom("c", "d"), { nil: undefined }),
      until: fc.option(fc.constantFrom(-5, 0, 1, 10, 20), { nil: undefined, freq: 3 }),
      large: fc.boolean(),
    })
    .map(({ id, user, code, until, large }) => ({
      ...visit(id, { user, text: large ? "x".repeat(101_000) : "" }),
      ...(code === undefined ? {} : { code }),
      ...(until === undefined ? {} : { until: at(1_000_000 + until) }),
    }));
  type Step = readonly [how: "create" | "put" | "patch" | "update" | "delete" | "sweep" | "wait", given: Visit];
  const hows = fc.constantFrom<Step[0]>("create", "put", "patch", "update", "delete", "sweep", "wait");
  const steps: fc.Arbitrary<readonly Step[]> = fc.array(fc.tuple(hows, visits), { minLength: 1, maxLength: 14 });

  /** What a step makes of the model: the code of what forbids it, or nothing. */
  function step(model: Map<number, Visit>, [how, given]: Step): string | undefined {
    const own = model.get(given.id);
    const before = own !== undefined && isLive(own) ? own : undefined;
    if (how === "create" && before !== undefined) return "RECORD_EXISTS";
    if ((how === "patch" || how === "update") && before === undefined) return "RECORD_NOT_FOUND";
    if (how === "delete" && before !== undefined) model.delete(given.id);
    if (how === "delete") return undefined;
    const { until, ...kept } = before ?? given;
    const moved = given.until === undefined ? kept : { ...kept, until: given.until };
    const after = how === "patch" ? moved : given;
    const others = [...model.values()].filter(({ id, code }) => id !== given.id && code !== undefined);
    if (others.some((other) => isLive(other) && other.code === after.code)) return "UNIQUE_VIOLATION";
    model.set(given.id, after);
    return undefined;
  }

  const run = (repository: Repository, [how, given]: Step): Promise<unknown> => {
    if (how === "create" || how === "put") return repository[how](given);
    if (how === "patch") return repository.patch(given.id, { until: given.until });
    if (how === "update") return repository.update(given.id, () => given);
    return repository.delete(given.id);
  };

  async function assertFollows(
    sequence: readonly Step[],
    repository: Repository,
    calm: Repository,
    sweep: () => Promise<unknown>,
  ): Promise<void> {
    clock.at = 1_000_000;
    const model = new Map<number, Visit>();
    for (const each of sequence) {
      if (each[0] === "wait") clock.at += 7;
      else if (each[0] === "sweep") {
        await sweep();
        for (const [id, record] of model) if (!isLive(record)) model.delete(id);
        const live = [...model.values()].filter(({ user }) => user === "b");
        expect(await calm.aggregate("perUser", { equals: "b" })).toBe(live.length);
      } else {
        const code = await run(repository, each).then(
          () => undefined,
          (error: unknown) => (isTenantryError(error) ? error.code : expect.unreachable(String(error))),
        );
        expect({ each, code }).toEqual({ each, code: step(model, each) });
      }
      await assertAgrees(calm, model);
    }
  }

  test("are there until their time, whatever is done, and gone in every way of reading after it", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const { repository, tenant } = await house();
        await assertFollows(sequence, repository, repository, () => tenant.sweep());
      }),
      { numRuns: runs(10) },
    );
  });

  test("are so on an engine that conflicts, ages and loses answers", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), steps, async (seed, sequence) => {
        const { id, repository } = await house();
        const faults = faulty(inner, { seed, rates, delayMs: 2 });
        const troubled = await open({ engine: faults, entities: [Visit], random: impatient, clock });
        const tenant = troubled.tenant(id);
        await assertFollows(sequence, tenant.repository(Visit), repository, () => tenant.sweep());
        await troubled.close();
        await faults.settled();
      }),
      { numRuns: runs(3) },
    );
  });

  test("are so when all happens at once, apart and in one transaction, sweeps included", async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (sequence, together) => {
        clock.at = 1_000_000;
        const { tenant, repository } = await house();
        const first = new Map(sequence.map(([, given]) => [given.id, given] as const));
        for (const each of first.values()) await repository.put(each).catch(() => {});
        clock.at += 15;
        const all = (on: Repository) =>
          Promise.allSettled(sequence.map((each) => (each[0] === "wait" ? on.has(each[1].id) : run(on, each))));
        if (together) await tenant.transact((tx) => all(tx.repository(Visit)));
        else await Promise.all([all(repository), tenant.sweep(), tenant.sweep()]);
        expect(await repository.verify()).toEqual([]);
        await tenant.sweep();
        const left = await repository.list();
        await assertAgrees(repository, new Map(left.map((each) => [each.id, each])));
        const groups = await repository.groups("perUser");
        expect(groups.reduce((sum, { value }) => sum + value, 0)).toBe(left.length);
      }),
      { numRuns: runs(8) },
    );
  });

  test("free their unique values, which their removal leaves with who has taken them", async () => {
    clock.at = 1_000_000;
    const { tenant, repository } = await house();
    await repository.create(visit(1, { code: "c", until: at(clock.at + 5) }));
    await expect(repository.create(visit(2, { code: "c" }))).rejects.toMatchObject({ code: "UNIQUE_VIOLATION" });
    clock.at += 5;
    await repository.create(visit(2, { code: "c" }));
    expect(await repository.first({ index: "byCode", equals: "c" })).toEqual(visit(2, { code: "c" }));
    expect(await tenant.sweep()).toEqual({ removed: 1, failed: 0 });
    expect(await repository.first({ index: "byCode", equals: "c" })).toEqual(visit(2, { code: "c" }));
    expect(await repository.verify()).toEqual([]);
  });

  test("begin anew at revision 1, and hooks are told of their end", async () => {
    clock.at = 1_000_000;
    const changes: RecordChange[] = [];
    const change = (_: unknown, seen: RecordChange) => changes.push(seen);
    await using fixture = await openFixture({ hooks: [{ name: "seen", subspace: 3 as const, change }] });
    const tenantId = await fixture.tenant();
    const models = new Map([[Visit, modelOf(Visit)]]) as unknown as ConstructorParameters<typeof RepositoryFactory>[0];
    const seal = undefined as unknown as ConstructorParameters<typeof RepositoryFactory>[1]; // no page is read
    const factory = new RepositoryFactory(models, seal, 27, undefined, clock.now);
    const writer = new RunnerWriter(fixture.runner, tenantId);
    const visits = factory.writer(Visit, writer);
    await visits.put(visit(1, { until: at(clock.at + 5) }));
    await visits.put(visit(1, { until: at(clock.at + 6) }));
    clock.at += 6;
    await visits.put(visit(1, { until: at(clock.at + 1) }), { ifRevision: undefined });
    expect((await visits.entry(1))?.revision).toBe(1);
    expect(changes.map(({ kind }) => kind)).toEqual(["create", "update", "delete", "create"]);
    const [, second, ended, begun] = changes;
    expect([ended?.bytesBefore, ended?.bytesAfter]).toEqual([second?.bytesAfter, 0]);
    expect([begun?.bytesBefore, begun?.before]).toEqual([0, undefined]);
    clock.at += 1;
    expect(await factory.sweep(writer, {})).toEqual({ removed: 1, failed: 0 });
    expect(changes.at(-1)).toMatchObject({ kind: "delete", bytesBefore: begun?.bytesAfter, bytesAfter: 0 });
  });

  test("are removed in bounded transactions, oldest first, and what cannot be read is left", async () => {
    clock.at = 1_000_000;
    const { id, tenant, repository } = await house();
    const many = Array.from({ length: 1_000 }, (_, n) => visit(n, { until: at(clock.at + 1 + (n % 10)) }));
    await repository.createMany(many);
    await repository.createMany([visit(1_000, { until: null }), visit(1_001)]);
    clock.at += 5;
    const engine = recording(untold(inner));
    const watched = await open({ engine, entities: [Visit], clock });
    engine.take();
    expect(await watched.tenant(id).sweep({ limit: 120 })).toEqual({ removed: 120, failed: 0 });
    const commits = () =>
      engine.take().filter((call) => call.kind === "written" && call.operation === "setVersionstampedValue").length;
    expect(commits()).toBe(1);
    expect(await repository.has(1)).toBe(false);
    expect(await watched.tenant(id).sweep()).toEqual({ removed: 380, failed: 0 });
    expect(commits()).toBe(Math.ceil(380 / sweepRecordsMax));
    await watched.close();
    expect(await repository.count()).toBe(502);
    const range = new Keyspace().tenant(id);
    const key = range.absolute(concatBytes(recordPrefix("visit"), pack([5])));
    const transaction = inner.begin();
    const row = await transaction.get(key);
    transaction.set(key, Uint8Array.from(row ?? []).slice(0, -1));
    await transaction.commit();
    clock.at += 100;
    expect(await tenant.sweep()).toEqual({ removed: 499, failed: 1 });
    expect(await repository.count()).toBe(2);
    // Without the option, records stay, and so does what remembers their time.
    const { schema } = Visit;
    const Lasting = entity("visit", { version: 1, schema, id: ["id"] });
    const lasting = await open({ engine: inner, entities: [Lasting], clock });
    expect(await lasting.tenant(id).repository(Lasting).has(5)).toBe(true);
    expect(await lasting.tenant(id).sweep()).toEqual({ removed: 0, failed: 0 });
    await lasting.close();
  });

  test("fill pages and lists by reading on, up to a bound at which a page ends early", async () => {
    clock.at = 1_000_000;
    const { repository } = await house();
    const gone = liveRowsLookedMax + 500;
    for (let n = 0; n < gone; n += 1_000) {
      await repository.createMany(
        Array.from({ length: Math.min(1_000, gone - n) }, (_, more) => visit(n + more, { until: at(clock.at + 1) })),
      );
    }
    await repository.create(visit(gone));
    clock.at += 1;
    expect(await repository.list({ limit: 1 })).toEqual([visit(gone)]);
    expect(await repository.first()).toEqual(visit(gone));
    const early = await repository.page({ size: 1 });
    expect([early.items, early.previous]).toEqual([[], undefined]);
    const next = await repository.page({ size: 1, cursor: early.next ?? expect.unreachable() });
    expect([next.items, next.next]).toEqual([[visit(gone)], undefined]);
  });

  test("misplaced in their queue, are found; a sweep removes stale places", async () => {
    clock.at = 1_000_000;
    const { id, tenant, repository } = await house();
    await repository.create(visit(1, { until: at(clock.at + 9) }));
    const range = new Keyspace().tenant(id);
    const place = (time: number, n: number) => range.absolute(expiryKey(time, "visit", pack([n])));
    const transaction = inner.begin();
    transaction.clear(place(clock.at + 9, 1));
    transaction.set(place(clock.at - 9, 1), Uint8Array.of(1));
    transaction.set(place(clock.at - 8, 7), Uint8Array.of(1));
    await transaction.commit();
    expect(await repository.verify()).toEqual([
      { part: "expiry", kind: "missing", id: 1, time: clock.at + 9 },
      { part: "expiry", kind: "stale", id: 1, time: clock.at - 9 },
      { part: "expiry", kind: "stale", id: 7, time: clock.at - 8 },
    ]);
    expect(await tenant.sweep()).toEqual({ removed: 0, failed: 0 });
    expect(await repository.verify()).toMatchObject([{ kind: "missing" }]);
  });

  test("of all tenants are swept together; one that fails, or takes no writes, does not stop the others", async () => {
    clock.at = 1_000_000;
    const engine = await openEngine(memory());
    const database = await open({ engine, entities: [Visit], clock });
    const ids = [];
    for (let n = 0; n < 12; n++) {
      const { id } = await database.tenants.provision({ name: `tenant ${n}` });
      const until = at(clock.at + 1);
      await database
        .tenant(id)
        .repository(Visit)
        .createMany([visit(1, { until }), visit(2, { until }), visit(3)]);
      ids.push(id);
    }
    const [first, second] = ids;
    if (first === undefined || second === undefined) return expect.unreachable();
    await database.tenants.suspend(first);
    // A record that is none: a chunked one without its chunks.
    const transaction = engine.begin();
    transaction.set(
      new Keyspace().tenant(second).absolute(concatBytes(recordPrefix("visit"), pack([1]))),
      Uint8Array.of(0x92),
    );
    await transaction.commit();
    clock.at += 1;
    const swept = await database.sweep({ concurrency: 3 });
    expect(swept).toMatchObject({ tenants: 11, tenantsFailed: 0, removed: 2 * 11 - 1, failed: 1, failures: [] });
    await expect(database.sweep({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "TRANSACTION_ABORTED",
    });
    await expect(database.sweep({ concurrency: 0 })).rejects.toMatchObject({ code: "DATABASE_OPTION_INVALID" });
    const failing = recording(engine);
    const broken = await open({ engine: failing, entities: [Visit], clock });
    const begin = failing.begin.bind(failing);
    let begun = 0;
    failing.begin = () => {
      if (++begun % 5 === 0) throw new Error("no more");
      return begin();
    };
    const partly = await broken.sweep();
    expect(partly.tenants + partly.tenantsFailed).toBe(11);
    expect(partly.failures).toHaveLength(partly.tenantsFailed);
    expect(partly.tenantsFailed).toBeGreaterThan(0);
    await broken.close();
    await database.close();
    await engine.close();
  });

  test("have entries and places in the queue with these bytes", async () => {
    clock.at = 1_000_000;
    const { id, repository } = await house();
    await repository.create(visit(7, { code: "c", until: at(0x0102030405) }));
    const { begin, end } = new Keyspace().tenant(id);
    const bound = (key: Uint8Array) => ({ key, orEqual: false, offset: 1 });
    const { rows } = await inner.begin().getRange(bound(begin), bound(end), { limit: 20, mode: "exact" });
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
    const own = new Map(rows.map(([key, value]) => [hex(key.subarray(begin.length - 1)), hex(value)] as const));
    const index = (name: string): string => `150102766973697400${hex(pack([name]))}`;
    const time = "0000000102030405";
    expect(own.get(`${index("byCode")}0263001507`.replace("1507", ""))).toBe(`02${time}00021507`);
    expect(own.get(`${index("plain")}${hex(pack([Uint8Array.of(0xfd, 0x8a, 0xff, 0xff)]))}1507`)).toBe(`02${time}0000`);
    expect(own.get(`150a${hex(pack([0x0102030405, "visit"]))}1507`)).toBe("01");
    // Format 1; expires and all ASCII; fingerprint, version, revision, and the time as a varint.
    expect(own.get("027669736974001507")).toMatch(/^1c[0-9a-f]{8}010185888c9010/);
  });

  test("are defined by a field that holds a date", () => {
    const schema = z.object({ id: z.int(), at: z.date(), nested: z.object({ at: z.date() }) });
    const define = (expires: string) => () =>
      // The compiler takes "at" alone.
      entity("e", { version: 1, schema, id: ["id"], expires: expires as "at" });
    expect(define("at")).not.toThrow();
    for (const wrong of ["id", "nested", "nested.at", "none"]) {
      expect(define(wrong)).toThrow(expect.objectContaining({ code: "ENTITY_INVALID" }));
    }
  });
});
