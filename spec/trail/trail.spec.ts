/** Audit trails: what is written down, for whom it can be read, and how old entries go. Left out of the quick run. */
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { decodeEntry } from "../../lib/audit/index.js";
import type { Database } from "../../lib/database.js";
import { Keyspace } from "../../lib/keyspace/index.js";
import { auditClockSkewMs, denialEntriesMax } from "../../lib/limits/index.js";
import { entity } from "../../lib/schema/index.js";
import type { TenantId } from "../../lib/tenant/index.js";
import { faulty, recording } from "../../lib/testing/index.js";
import type { AuditEntry, AuditFilter } from "../../lib/trail/index.js";
import { processes, rowsIn, trailOf } from "../lifecycle/fixture.js";
import { rates } from "../repository/fault-mix.js";
import { collect } from "../repository/shelf.js";
import { runs } from "../runs.js";

const Note = entity("note", { version: 1, schema: z.object({ id: z.int(), text: z.string() }), id: ["id"] });
const Draft = entity("draft", { version: 1, schema: z.object({ id: z.string() }), id: ["id"] });

const as = (db: Database, id: TenantId, subject: string, requestId?: string) =>
  db.tenant(id, { context: { tenant: id, subject, roles: [], requestId } });

/** Waits until a trail has so many denials. */
async function denied(db: Database, id: TenantId, count: number): Promise<void> {
  const has = async () => (await collect(db.audit.entries(id, { kind: "denial" }))).length >= count;
  await vi.waitUntil(has, { timeout: 10_000, interval: 10 });
}

describe("entries", () => {
  test("say who did what to which record, with digests that fit each other and the records", async () => {
    await using all = await processes();
    const db = await all.open({ entities: [Note, Draft], audit: { entities: [Note] } });
    const { id } = await db.tenants.provision({ name: "x" });
    const before = { id: 1, text: "first" };
    const after = { id: 1, text: "second" };
    const ann = as(db, id, "ann@example.org", "r-1");
    await ann.repository(Note).create(before);
    await ann.repository(Draft).create({ id: "nobody looks" });
    await db.tenant(id).transact(async (tx) => {
      await tx.repository(Note).put(after);
      await tx.repository(Note).put({ id: 2, text: "other" });
      await tx.repository(Draft).delete("nobody looks");
    });
    await (await db.operator(id, { by: "bob@ops", reason: "asked for" })).repository(Note).delete(1);

    const [provisioned, created, changed, entered, deleted, ...rest] = await collect(db.audit.entries(id));
    expect(rest).toEqual([]);
    expect(provisioned).toMatchObject({ kind: "tenant", subject: undefined, move: { from: undefined, to: "active" } });
    const [digestBefore, digestAfter] = [
      await db.audit.digest(id, Note, before),
      await db.audit.digest(id, Note, after),
    ];
    expect(digestBefore).toMatch(/^[0-9a-f]{64}$/);
    expect(digestBefore).not.toBe(digestAfter);
    expect(created).toMatchObject({
      kind: "changes",
      outcome: "done",
      at: all.clock.time,
      subject: "ann@example.org",
      requestId: "r-1",
      operation: "create",
      changes: [{ entity: "note", kind: "create", id: "1", before: undefined, after: digestBefore }],
    });
    expect(changed).toMatchObject({ subject: undefined, pseudonym: undefined, operation: undefined });
    expect(changed?.changes.map(({ kind, id: note }) => [kind, note])).toEqual([
      ["update", "1"],
      ["create", "2"],
    ]);
    expect(changed?.changes[0]).toMatchObject({ before: digestBefore, after: digestAfter });
    expect(entered).toMatchObject({ kind: "operator", subject: "bob@ops", reason: "asked for" });
    expect(deleted).toMatchObject({
      subject: "bob@ops",
      changes: [{ kind: "delete", before: digestAfter, after: undefined }],
    });
    expect(deleted?.pseudonym).toBe(entered?.pseudonym);
    const stamps = [provisioned, created, changed, entered, deleted].map((entry) => entry?.stamp ?? "");
    expect(stamps).toEqual([...stamps].sort());
    // The same record has another digest in another tenant.
    const { id: other } = await db.tenants.provision({ name: "y", by: "ann" });
    expect(await db.audit.digest(other, Note, before)).not.toBe(digestBefore);
  });

  test("survive erasure without what they say of people; nothing readable is stored of it before either", async () => {
    await using all = await processes();
    const db = await all.open({ entities: [Note], audit: {} });
    const { id } = await db.tenants.provision({ name: "x", by: "ann@example.org", reason: "signed by ann" });
    const words = ["ann@example.org", "r-anna-1", "signed by ann", "of anna"];
    await as(db, id, "ann@example.org", "r-anna-1").repository(Note).create({ id: 4711, text: "of anna" });
    const head = await db.audit.seal(id);
    const trail = (await rowsIn(all.engine, new Keyspace().control.auditRange(id))).map(([, value]) => value);
    for (const word of words) {
      expect(trail.some((value) => Buffer.from(value).includes(word))).toBe(false);
    }
    const [made, created] = await collect(db.audit.entries(id));
    await db.tenants.retire(id, { graceMs: 0 });
    await db.tenants.eraseDue();
    const entries = await collect(db.audit.entries(id));
    expect(entries.map(({ operation }) => operation)).toEqual(["provision", "create", "retire", "erase"]);
    expect(entries[0]).toEqual({ ...made, subject: undefined, reason: undefined });
    const [change] = created?.changes ?? [];
    expect(entries[1]).toEqual({
      ...created,
      subject: undefined,
      requestId: undefined,
      changes: [{ ...change, id: undefined }],
    });
    expect(entries[1]?.pseudonym).toBe(entries[0]?.pseudonym);
    expect(await collect(db.audit.entries(id, { subject: "ann@example.org" }))).toEqual([]);
    expect(await db.audit.digest(id, Note, { id: 4711, text: "of anna" })).toBeUndefined();
    // Not even a process that has had the key cached.
    expect(JSON.stringify(await collect(db.audit.entries(id)))).not.toMatch(/ann/);
    expect(await db.audit.verify(id, { head })).toMatchObject({ intact: true });
    expect((await db.audit.seal(id)).entries).toBe(4);
  });

  test("are written once for each change, by any number of writers at once, under faults, conflicting with nobody", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        await using all = await processes();
        const engine = faulty(all.engine, { seed, rates });
        const db = await all.open({ engine, entities: [Note], audit: {} });
        const { id } = await db.tenants.provision({ name: "x" });
        const writers = Array.from({ length: 12 }, (_, n) =>
          as(db, id, `user ${n}`).repository(Note).create({ id: n, text: "" }),
        );
        // Sealing goes on meanwhile.
        const sealing = Promise.all([db.audit.seal(id), db.audit.seal(id)]);
        await Promise.all([...writers, sealing]);
        const entries = await collect(db.audit.entries(id, { kind: "changes" }));
        expect(entries.map(({ subject }) => subject).sort()).toEqual(writers.map((_, n) => `user ${n}`).sort());
        const head = await db.audit.seal(id);
        expect(head.entries).toBe(13);
        const report = await db.audit.verify(id, { head });
        expect(report).toMatchObject({ intact: true, verified: 13, unsealed: { entries: 0, since: undefined } });
      }),
      { numRuns: runs(8) },
    );
  });

  test("cost one key when many records change, no read once the key is known, and no read conflict", async () => {
    await using all = await processes();
    const engine = recording(all.engine);
    const db = await all.open({ engine, entities: [Note], audit: {} });
    const { id } = await db.tenants.provision({ name: "x" });
    const notes = as(db, id, "ann").repository(Note);
    await notes.create({ id: -1, text: "" });
    engine.take();
    await notes.createMany(Array.from({ length: 200 }, (_, n) => ({ id: n, text: `${n}` })));
    const events = engine.take();
    const trail = Buffer.from(new Keyspace().control.auditPrefix(id, 1)).toString("hex");
    const count = (operation: string): number =>
      events.filter((event) => (event.kind === "asked" || event.kind === "written") && event.operation === operation)
        .length;
    expect(count("setVersionstampedKey")).toBe(1);
    expect(count("get")).toBe(1 + 200);
    expect(
      JSON.stringify(events.filter((event) => "operation" in event && /Conflict/.test(event.operation))),
    ).not.toContain(trail);
    // So many that one entry could not hold them are in several, of one commit.
    await db.tenant(id).transact(async (tx) => {
      await tx.repository(Note).putMany(Array.from({ length: 900 }, (_, n) => ({ id: n, text: "again" })));
    });
    const last = (await trailOf(all.engine, id))
      .slice(2)
      .map((entry) => (entry.kind === "changes" ? entry.changes.length : 0));
    expect(last[0]).toBe(200);
    expect(last.length).toBeGreaterThan(2);
    expect(last.slice(1).reduce((sum, n) => sum + n)).toBe(900);
    const stamps = (await collect(db.audit.entries(id))).slice(2).map(({ stamp }) => stamp);
    expect(new Set(stamps.slice(1).map((stamp) => stamp.slice(0, 20))).size).toBe(1);
  });
});

describe("reading a trail", () => {
  test("finds exactly what a filter asks for, either way, in entries and in pages", async () => {
    await using all = await processes();
    const db = await all.open({ entities: [Note, Draft], audit: {} });
    const { id } = await db.tenants.provision({ name: "x" });
    const begin = all.clock.time;
    for (let n = 0; n < 24; n++) {
      all.clock.time = begin + n * auditClockSkewMs;
      const tenant = as(db, id, n % 3 === 0 ? "ann" : "bob");
      if (n % 4 === 0) await tenant.repository(Draft).create({ id: `d${n}` });
      else await tenant.repository(Note).put({ id: n % 2, text: `${n}` });
      if (n % 5 === 4) await db.audit.seal(id);
    }
    db.audit.deny(id, { code: "ACCESS_DENIED", subject: "bob", operation: "update", entity: "note" });
    await denied(db, id, 1);
    const entries = await collect(db.audit.entries(id));
    expect(entries).toHaveLength(26);
    const at = (n: number): number => begin + n * auditClockSkewMs;
    const times = fc.oneof(
      fc.constant({}),
      fc.integer({ min: -1, max: 24 }).map((n) => ({ from: at(n) })),
      fc.integer({ min: 0, max: 25 }).map((n) => ({ to: new Date(at(n)) })),
      fc.tuple(fc.integer({ min: -1, max: 20 }), fc.integer({ min: 0, max: 12 })).map(([n, m]) => ({
        from: at(n),
        to: at(n + m),
      })),
    );
    const filter = fc.record({
      times,
      subject: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, fc.constantFrom("ann", "bob", "eve")),
      about: fc.oneof(
        { weight: 4, arbitrary: fc.constant("none") },
        fc.constantFrom("note", "draft", "note 1", "draft d4"),
      ),
      kind: fc.oneof(
        { weight: 3, arbitrary: fc.constant(undefined) },
        fc.constantFrom<AuditEntry["kind"]>("changes", "tenant", "denial"),
      ),
      reverse: fc.boolean(),
    });
    let found = 0;
    await fc.assert(
      fc.asyncProperty(filter, fc.integer({ min: 1, max: 7 }), async ({ about, times, ...rest }, size) => {
        const asked: AuditFilter = { ...rest, ...times };
        const [name, record] = about.split(" ");
        const entity = name === "none" ? undefined : name === "note" ? Note : Draft;
        const wanted = entries.filter((entry) => {
          const about = entry.changes.some(
            (each) => each.entity === name && (record === undefined || each.id === record),
          );
          return (
            entry.at >= Number(asked.from ?? 0) &&
            entry.at < Number(asked.to ?? Number.MAX_VALUE) &&
            (asked.subject === undefined || entry.subject === asked.subject) &&
            (asked.kind === undefined || entry.kind === asked.kind) &&
            (name === "none" || about || (entry.denial?.entity === name && record === undefined))
          );
        });
        if (wanted.length > 2) found++;
        if (asked.reverse) wanted.reverse();
        const query = {
          ...asked,
          entity,
          id: record === undefined ? undefined : name === "note" ? Number(record) : record,
        };
        expect(await collect(db.audit.entries(id, query))).toEqual(wanted);
        const paged: AuditEntry[] = [];
        for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
          const page = await db.audit.page(id, { ...query, size, cursor, principal: "auditor" });
          expect(page.items.length).toBeLessThanOrEqual(size);
          paged.push(...page.items);
          cursor = page.next;
        }
        expect(paged).toEqual(wanted);
      }),
      { numRuns: runs(60) },
    );
    expect(found).toBeGreaterThan(10);
  });

  test("refuses foreign cursors and options that cannot be meant", async () => {
    await using all = await processes();
    const db = await all.open({ entities: [Note], audit: {} });
    const [{ id }, { id: other }] = [
      await db.tenants.provision({ name: "x" }),
      await db.tenants.provision({ name: "y" }),
    ];
    for (const each of [id, other]) await db.tenants.rename(each, "z");
    const { next: cursor = "" } = await db.audit.page(id, { size: 1, principal: "ann" });
    expect((await db.audit.page(id, { size: 1, principal: "ann", cursor })).items).toHaveLength(1);
    for (const [tenant, wrong] of [
      [other, { principal: "ann" }],
      [id, { principal: "bob" }],
      [id, { principal: "ann", reverse: true }],
      [id, { principal: "ann", subject: "ann" }],
    ] as const) {
      await expect(db.audit.page(tenant, { size: 1, cursor, ...wrong })).rejects.toMatchObject({
        code: "CURSOR_INVALID",
      });
    }
    // A cursor of records is none of the trail, nor the other way round.
    const notes = db.tenant(id).repository(Note);
    await notes.createMany([1, 2].map((n) => ({ id: n, text: "" })));
    const { next = "" } = await notes.page({ size: 1 });
    await expect(db.audit.page(id, { size: 1, cursor: next })).rejects.toMatchObject({ code: "CURSOR_INVALID" });
    await expect(notes.page({ size: 1, cursor, principal: "ann" })).rejects.toMatchObject({ code: "CURSOR_INVALID" });
    const invalid = { code: "AUDIT_OPTION_INVALID" };
    await expect(collect(db.audit.entries(id, { from: Number.NaN }))).rejects.toMatchObject(invalid);
    await expect(collect(db.audit.entries(id, { id: 1 }))).rejects.toMatchObject(invalid);
    await expect(collect(db.audit.entries(id, { entity: Note, id: "x" }))).rejects.toMatchObject({
      code: "RECORD_ID_INVALID",
    });
    await expect(db.audit.prune(id, { before: new Date(Number.NaN) })).rejects.toMatchObject(invalid);
    await expect(db.audit.verify(id, { head: await db.audit.seal(other) })).rejects.toMatchObject(invalid);
    for (const audit of [
      { sealKeys: [] },
      { sealKeys: [new Uint8Array(31)] },
      { entities: [entity("other", { version: 1, schema: z.object({ id: z.int() }), id: ["id"] })] },
    ]) {
      await expect(all.open({ audit })).rejects.toMatchObject({ code: "DATABASE_OPTION_INVALID" });
    }
  });
});

describe("sealing and retention", () => {
  test("drop what is old behind a checkpoint, again and again, and what is left verifies", async () => {
    const step = fc.oneof(
      fc.constant("change" as const),
      fc.constant("seal" as const),
      fc.record({ prune: fc.integer({ min: -20, max: 5 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 20 }), async (steps) => {
        await using all = await processes();
        const db = await all.open({ entities: [Note], audit: {} });
        const { id } = await db.tenants.provision({ name: "x" });
        let written = 1;
        let dropped = 0;
        let head = await db.audit.seal(id);
        for (const each of steps) {
          all.clock.time += 1;
          if (each === "change") {
            await db
              .tenant(id)
              .repository(Note)
              .put({ id: 1, text: `${written++}` });
          } else if (each === "seal") head = await db.audit.seal(id);
          else dropped += await db.audit.prune(id, { before: all.clock.time + each.prune });
          const report = await db.audit.verify(id, { head });
          expect(report).toMatchObject({ intact: true, dropped, head });
          expect(report.verified).toBe(head.entries - dropped);
          expect(report.unsealed.entries).toBe(written - head.entries);
          expect(await collect(db.audit.entries(id))).toHaveLength(written - dropped);
        }
        // What was dropped cannot be put back, nor more be dropped behind the checkpoint's back.
        const rows = await rowsIn(all.engine, new Keyspace().control.auditRange(id));
        const transaction = all.engine.begin();
        const victim = rows.find(([, value]) => isChange(value));
        if (victim === undefined || head.entries - dropped === 0) return;
        transaction.clear(victim[0]);
        await transaction.commit();
        const verdict = await db.audit.verify(id, { head });
        const sealedStill = verdict.unsealed.entries === written - head.entries;
        expect(verdict.intact).toBe(!sealedStill);
      }),
      { numRuns: runs(15) },
    );
  });

  test("go on under a new key while the old one verifies, and end where neither is known", async () => {
    await using all = await processes();
    const [old, fresh] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    const open = (...sealKeys: Uint8Array[]) => all.open({ audit: { sealKeys } });
    const first = await open(old);
    const { id } = await first.tenants.provision({ name: "x" });
    const early = await first.audit.seal(id);
    const second = await open(fresh, old);
    await second.tenants.rename(id, "y");
    const late = await second.audit.seal(id);
    for (const head of [early, late]) expect(await second.audit.verify(id, { head })).toMatchObject({ intact: true });
    const third = await open(fresh);
    expect((await third.audit.verify(id, { head: late })).findings.map(({ kind }) => kind)).toEqual([
      "seal",
      "entries",
    ]);
    // Somebody without the key cannot go on where it ended.
    const stranger = await open(new Uint8Array(32).fill(3));
    await expect(stranger.audit.seal(id)).rejects.toMatchObject({ code: "AUDIT_TRAIL_BROKEN" });
  });

  test("all trails are sealed one after another", async () => {
    await using all = await processes();
    const db = await all.open();
    const ids = await Promise.all([1, 2, 3].map(async () => (await db.tenants.provision({ name: "x" })).id));
    const [gone, stopped] = ids;
    if (gone === undefined || stopped === undefined) expect.unreachable();
    await db.tenants.suspend(stopped);
    await db.tenants.retire(gone, { graceMs: 0 });
    await db.tenants.eraseDue();
    const heads = await collect(db.audit.sealAll());
    expect(heads.map(({ tenant }) => tenant)).toEqual([...ids].sort());
    expect(heads.find(({ tenant }) => tenant === gone)?.entries).toBe(3);
  });
});

const isChange = (value: Uint8Array): boolean => {
  try {
    return decodeEntry(value).kind === "changes";
  } catch {
    return false;
  }
};

describe("denied attempts", () => {
  const denials = async (db: Database, id: TenantId) =>
    (await collect(db.audit.entries(id, { kind: "denial" }))).map(({ subject, operation, denial, outcome }) => ({
      subject,
      operation,
      outcome,
      ...denial,
    }));

  test("of roles are written out of band: who, what, how often; some kinds a second, the rest together", async () => {
    await using all = await processes();
    const counted: number[] = [];
    const meter = {
      createCounter: (name: string) => ({ add: (n: number) => void (name === "tenantry.denials" && counted.push(n)) }),
      createHistogram: () => ({ record() {} }),
      createGauge: () => ({ record() {} }),
    };
    const db = await all.open({ entities: [Note], audit: {}, meter, roles: { right: () => false } });
    const { id } = await db.tenants.provision({ name: "x" });
    const { id: neighbour } = await db.tenants.provision({ name: "y" });
    const eve = as(db, id, "eve", "r-9").repository(Note);
    // Also inside a transaction that goes on: that the entry is written is none of its business.
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const running = as(db, id, "eve").transact(async (tx) => {
      await expect(tx.repository(Note).get(1)).rejects.toMatchObject({ code: "ACCESS_DENIED" });
      await held;
    });
    await denied(db, id, 1);
    release();
    await running;
    for (let n = 0; n < 3; n++)
      await expect(eve.create({ id: 1, text: "" })).rejects.toMatchObject({ code: "ACCESS_DENIED" });
    for (let n = 0; n < denialEntriesMax + 4; n++) db.audit.deny(id, { code: "MINE", subject: `user ${n}` });
    db.audit.deny("3f2b8c1e-9a4d-4e6f-8b1a-0123456789aa" as TenantId, { code: "MINE" });
    await denied(db, id, 1 + denialEntriesMax + 1);
    const written = await denials(db, id);
    expect(written.slice(0, 2)).toEqual([
      { subject: "eve", operation: "read", outcome: "denied", code: "ACCESS_DENIED", entity: "note", count: 1 },
      { subject: "eve", operation: "create", outcome: "denied", code: "ACCESS_DENIED", entity: "note", count: 3 },
    ]);
    expect(written).toHaveLength(1 + denialEntriesMax + 1);
    expect(written.at(-1)).toMatchObject({ code: "OTHERS", count: 5 });
    expect(written.reduce((sum, { count = 0 }) => sum + count, 0)).toBe(1 + 3 + denialEntriesMax + 4);
    expect(counted).toHaveLength(1 + 3 + denialEntriesMax + 4 + 1);
    expect(await denials(db, neighbour)).toEqual([]);
    expect((await db.audit.verify(id, { head: await db.audit.seal(id) })).intact).toBe(true);
  });

  test("that still wait are written when the database closes; without auditing, none are", async () => {
    await using all = await processes();
    const db = await all.open({ entities: [Note], audit: {} });
    const { id } = await db.tenants.provision({ name: "x" });
    db.audit.deny(id, { code: "MINE", subject: "\ud800", operation: "x".repeat(9_999) });
    await db.close();
    const silent = await all.open({ entities: [Note], audit: { denials: false }, roles: { right: () => false } });
    const written = await denials(silent, id);
    expect(written).toHaveLength(1);
    expect(written[0]).toMatchObject({ code: "MINE", operation: "x".repeat(512) });
    await expect(as(silent, id, "eve").repository(Note).get(1)).rejects.toMatchObject({ code: "ACCESS_DENIED" });
    await silent.close();
    expect(await denials(await all.open(), id)).toEqual(written);
  });
});
