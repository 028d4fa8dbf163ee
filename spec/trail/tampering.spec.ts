/** Tampering: whatever is done to sealed entries, seals or the end of a trail, the verifier finds it; else it is intact. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { decodeEntry, decodeSeal, encodeEntry, entryKey, entryStamp } from "../../lib/audit/index.js";
import type { Database } from "../../lib/database.js";
import type { Engine } from "../../lib/engine/index.js";
import { Keyspace } from "../../lib/keyspace/index.js";
import { entity } from "../../lib/schema/index.js";
import type { TenantId } from "../../lib/tenant/index.js";
import type { AuditHead } from "../../lib/trail/index.js";
import { pack, tupleRange } from "../../lib/tuple/index.js";
import { processes, rowsIn } from "../lifecycle/fixture.js";
import { runs } from "../runs.js";

const Note = entity("note", { version: 1, schema: z.object({ id: z.int(), text: z.string() }), id: ["id"] });

/** Rows of a part of a tenant's trail, with physical keys: what somebody who can write the store sees. */
const partOf = (engine: Engine, id: TenantId, part: number) =>
  rowsIn(engine, tupleRange(pack([part], new Keyspace().control.auditPrefix(id, 1))));
const physical = (id: TenantId, relative: Uint8Array): Uint8Array =>
  Buffer.concat([new Keyspace().control.auditPrefix(id, 1), relative]);
const relative = (id: TenantId, key: Uint8Array): Uint8Array =>
  new Uint8Array(key.subarray(new Keyspace().control.auditPrefix(id, 1).length));

type Store = (write: (set: (key: Uint8Array, value: Uint8Array | undefined) => void) => void) => Promise<void>;

interface Stage {
  readonly id: TenantId;
  readonly other: TenantId;
  readonly entries: [Uint8Array, Uint8Array][];
  readonly seals: [Uint8Array, Uint8Array][];
  readonly foreign: [Uint8Array, Uint8Array][];
  /** How many entries are sealed. */
  readonly sealed: number;
  readonly store: Store;
  /** A number below `bound`. */
  readonly pick: (bound: number) => number;
}

const altered = (value: Uint8Array): Uint8Array => {
  const entry = decodeEntry(value);
  return encodeEntry({ ...entry, at: entry.at + 1 });
};

/** What is done to a trail; false where there is not enough of it. */
const tamperings: Readonly<Record<string, (stage: Stage) => Promise<boolean>>> = {
  async remove({ entries, sealed, store, pick }) {
    const [key] = entries[pick(sealed)] ?? expect.unreachable();
    await store((set) => set(key, undefined));
    return true;
  },
  async alter({ entries, sealed, store, pick }) {
    const [key, value] = entries[pick(sealed)] ?? expect.unreachable();
    await store((set) => set(key, altered(value)));
    return true;
  },
  async "alter a byte"({ entries, sealed, store, pick }) {
    const [key, value] = entries[pick(sealed)] ?? expect.unreachable();
    const at = pick(value.length);
    await store((set) =>
      set(
        key,
        value.map((byte, i) => (i === at ? byte ^ 1 : byte)),
      ),
    );
    return true;
  },
  async reorder({ entries, sealed, store, pick }) {
    if (sealed < 2) return false;
    const first = pick(sealed - 1);
    const [a, b] = [entries[first] ?? expect.unreachable(), entries[first + 1] ?? expect.unreachable()];
    await store((set) => {
      set(a[0], b[1]);
      set(b[0], a[1]);
    });
    return Buffer.compare(a[1], b[1]) !== 0;
  },
  async insert({ id, entries, sealed, store, pick }) {
    const [key, value] = entries[pick(sealed)] ?? expect.unreachable();
    const stamp = entryStamp(relative(id, key));
    // The commit's own next part, or the last moment before it, as no commit was.
    if (pick(2) === 0) stamp[11] = (stamp[11] ?? 0) + 1;
    else {
      const before = BigInt(`0x${Buffer.from(stamp.subarray(0, 10)).toString("hex")}`) - 1n;
      stamp.set(Buffer.from(before.toString(16).padStart(20, "0"), "hex"));
    }
    const last = entries[sealed - 1]?.[0] ?? expect.unreachable();
    const at = physical(id, entryKey(stamp));
    // After the last seal it is a part of the tail, of which nothing can be told yet.
    if (Buffer.compare(at, last) > 0) return false;
    await store((set) => set(at, value));
    return true;
  },
  async "move an entry to another time"({ id, entries, sealed, store, pick }) {
    if (sealed < 2) return false;
    const [key, value] = entries[pick(sealed - 1)] ?? expect.unreachable();
    const stamp = entryStamp(relative(id, key));
    stamp[11] = (stamp[11] ?? 0) + 1;
    // Its place among the others stays what it was.
    await store((set) => {
      set(key, undefined);
      set(physical(id, entryKey(stamp)), value);
    });
    return true;
  },
  async "swap with another tenant"({ entries, foreign, sealed, store, pick }) {
    const [key, value] = entries[pick(sealed)] ?? expect.unreachable();
    const [theirKey, theirs] = foreign[pick(4)] ?? expect.unreachable();
    await store((set) => {
      set(key, theirs);
      set(theirKey, value);
    });
    return Buffer.compare(value, theirs) !== 0;
  },
  async "put a checkpoint that is none"({ id, store, seals }) {
    const [, value = new Uint8Array()] = seals[0] ?? [];
    await store((set) => set(physical(id, pack([2])), value));
    return true;
  },
  async "replace by another tenant's trail, seals and all"({ id, other, entries, seals, foreign, store }) {
    const moved = (from: TenantId, to: TenantId, key: Uint8Array) => physical(to, relative(from, key));
    await store((set) => {
      for (const [key] of [...entries, ...seals]) set(key, undefined);
      for (const [key, value] of foreign) set(moved(other, id, key), value);
    });
    return true;
  },
  async "cut off the tail"({ entries, seals, sealed, store, pick }) {
    if (seals.length < 2) return false;
    // Some seals, and all entries after the last that is left.
    const kept = 1 + pick(seals.length - 1);
    const { count } = countOf(seals[kept - 1]?.[1]);
    await store((set) => {
      for (const [key] of seals.slice(kept)) set(key, undefined);
      for (const [key] of entries.slice(count, sealed)) set(key, undefined);
    });
    return true;
  },
  async "cut off everything"({ entries, seals, store }) {
    await store((set) => {
      for (const [key] of [...entries, ...seals]) set(key, undefined);
    });
    return true;
  },
  async "alter a seal"({ seals, store, pick }) {
    const [key, value] = seals[pick(seals.length)] ?? expect.unreachable();
    const at = pick(value.length);
    await store((set) =>
      set(
        key,
        value.map((byte, i) => (i === at ? byte ^ 1 : byte)),
      ),
    );
    return true;
  },
  async "remove a seal that others follow"({ seals, store, pick }) {
    if (seals.length < 2) return false;
    const [key] = seals[pick(seals.length - 1)] ?? expect.unreachable();
    await store((set) => set(key, undefined));
    return true;
  },
  async "remove all seals but the last"({ seals, store }) {
    if (seals.length < 2) return false;
    await store((set) => {
      for (const [key] of seals.slice(0, -1)) set(key, undefined);
    });
    return true;
  },
  async "claim that entries were dropped"({ id, entries, seals, store }) {
    const [, value] = seals[0] ?? expect.unreachable();
    const { count } = countOf(value);
    await store((set) => {
      set(physical(id, pack([2])), value);
      for (const [key] of entries.slice(0, count)) set(key, undefined);
    });
    return true;
  },
};

const countOf = (value: Uint8Array | undefined): { readonly count: number } =>
  decodeSeal(value ?? expect.unreachable());

async function change(db: Database, id: TenantId, n: number): Promise<void> {
  const context = { tenant: id, subject: `user ${n % 3}`, roles: [] };
  const notes = db.tenant(id, { context }).repository(Note);
  if (n % 4 === 3) await notes.delete(n % 5);
  else if (n % 4 === 2) await notes.putMany([1, 2, 3].map((m) => ({ id: m, text: `${n}` })));
  else await notes.put({ id: n % 5, text: `${n}` });
  if (n % 7 === 6) await db.tenants.update(id, { plan: `plan ${n}` }, { by: "ann" });
}

describe("a trail", () => {
  const kinds = Object.keys(tamperings);
  const history = fc.array(
    fc.oneof({ weight: 4, arbitrary: fc.nat(20) }, { weight: 1, arbitrary: fc.constant("seal" as const) }),
    {
      minLength: 2,
      maxLength: 14,
    },
  );

  test.each(kinds)("of any history, after: %s", async (kind) => {
    let tampered = 0;
    await fc.assert(
      fc.asyncProperty(history, fc.infiniteStream(fc.nat()), async (steps, numbers) => {
        await using all = await processes();
        const db = await all.open({ entities: [Note], audit: {} });
        const { id } = await db.tenants.provision({ name: "own" });
        const { id: other } = await db.tenants.provision({ name: "other" });
        for (const n of [1, 2, 0, 1]) await change(db, other, n);
        await db.audit.seal(other);
        await db.audit.seal(id);
        for (const step of steps) await (step === "seal" ? db.audit.seal(id) : change(db, id, step));
        const head: AuditHead = JSON.parse(JSON.stringify(await db.audit.seal(id)));
        for (const step of steps.slice(0, 2)) if (step !== "seal") await change(db, id, step);

        const entries = await partOf(all.engine, id, 0);
        const report = await db.audit.verify(id, { head });
        expect(report).toMatchObject({ intact: true, findings: [], verified: head.entries, dropped: 0, head });
        expect(report.unsealed.entries).toBe(entries.length - head.entries);
        const store: Store = async (write) => {
          const transaction = all.engine.begin();
          write((key, value) => (value === undefined ? transaction.clear(key) : transaction.set(key, value)));
          await transaction.commit();
        };
        const stage: Stage = {
          id,
          other,
          entries,
          seals: await partOf(all.engine, id, 1),
          foreign: [...(await partOf(all.engine, other, 0)), ...(await partOf(all.engine, other, 1))],
          sealed: head.entries,
          store,
          pick: (bound) => Number(numbers.next().value) % bound,
        };
        if (!(await tamperings[kind]?.(stage))) return;
        tampered++;
        // Only what was cut off at the end takes the head to be seen.
        if (!kind.startsWith("cut off")) expect((await db.audit.verify(id)).intact).toBe(false);
        const found = await db.audit.verify(id, { head });
        expect(found.intact).toBe(false);
        expect(found.findings.length).toBeGreaterThan(0);
        await expect(db.audit.prune(id, { before: all.clock.now() + 1, head })).rejects.toMatchObject({
          code: "AUDIT_TRAIL_BROKEN",
        });
        expect((await db.audit.verify(other)).intact).toBe(kind !== "swap with another tenant");
      }),
      { numRuns: runs(5) },
    );
    expect(tampered).toBeGreaterThan(0);
  });
});
