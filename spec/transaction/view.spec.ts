/** Views: one tenant's keys and no others, asked for, conflicted on and returned. */
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type RecordingEngine, recording } from "../../lib/engine/faults/index.js";
import { Keyspace } from "../../lib/keyspace/index.js";
import { parseTenantId, type TenantId } from "../../lib/tenant/index.js";
import type { KeyedAtomicOp, RelativeSelector, TenantTransaction } from "../../lib/transaction/index.js";
import { compareBytes } from "../../lib/tuple/index.js";
import { runs } from "../runs.js";
import { bytes, codeOf, dump, type Fixture, hastyClock, key, openFixture } from "./fixture.js";

/** Neighbours: their ids differ in the last bit. */
const [low, mine, high] = ["0e", "0f", "10"].map((end) =>
  parseTenantId(`aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaa${end}`),
) as [TenantId, TenantId, TenantId];

const relative = fc.oneof(
  fc
    .constantFrom([], [0], [0xff], [0xff, 0xff], [0xfe, 0xff], [2, 0x61, 0], [2, 0x61, 0, 0])
    .map((k) => Uint8Array.from(k)),
  fc.uint8Array({ minLength: 1, maxLength: 4 }),
  fc.array(fc.constantFrom(0, 1, 2, 0xfe), { minLength: 1, maxLength: 2 }).map((k) => Uint8Array.from(k)),
);
const range = fc.record({ begin: relative, end: relative });
const selector = fc.record({ key: relative, orEqual: fc.boolean(), offset: fc.integer({ min: -3, max: 4 }) });
const value = fc.uint8Array({ maxLength: 4 });
const stamped = fc
  .tuple(fc.uint8Array({ maxLength: 16 }), fc.integer({ min: 0, max: 20 }))
  .map(([body, at]) => Uint8Array.from([...body, at, 0, 0, 0]));

type Step = (tx: TenantTransaction) => unknown;
const step: fc.Arbitrary<Step> = fc.oneof(
  relative.map(
    (k): Step =>
      (tx) =>
        tx.get(k),
  ),
  selector.map(
    (s): Step =>
      (tx) =>
        tx.getKey(s),
  ),
  fc.tuple(range, fc.boolean(), fc.integer({ min: 0, max: 3 })).map(
    ([r, reverse, limit]): Step =>
      (tx) =>
        tx.getRange(r, { reverse, limit }),
  ),
  fc.tuple(relative, value).map(
    ([k, v]): Step =>
      (tx) =>
        tx.set(k, v),
  ),
  relative.map(
    (k): Step =>
      (tx) =>
        tx.clear(k),
  ),
  range.map(
    (r): Step =>
      (tx) =>
        tx.clearRange(r),
  ),
  fc.tuple(fc.constantFrom<KeyedAtomicOp[]>("add", "byteMax", "appendIfFits", "compareAndClear"), relative, value).map(
    ([op, k, v]): Step =>
      (tx) =>
        tx.atomic(op, k, v),
  ),
  fc.tuple(stamped, value).map(
    ([k, v]): Step =>
      (tx) =>
        tx.setVersionstampedKey(k, v),
  ),
  relative.map(
    (k): Step =>
      (tx) =>
        tx.setVersionstampedValue(k, new Uint8Array(14)),
  ),
  range.map(
    (r): Step =>
      (tx) =>
        tx.addReadConflictRange(r),
  ),
  relative.map(
    (k): Step =>
      (tx) =>
        tx.addReadConflictKey(k),
  ),
  range.map(
    (r): Step =>
      (tx) =>
        tx.addWriteConflictRange(r),
  ),
  relative.map(
    (k): Step =>
      (tx) =>
        tx.addWriteConflictKey(k),
  ),
  relative.map(
    (k): Step =>
      (tx) =>
        tx.watch(k).cancel(),
  ),
  range.map(
    (r): Step =>
      (tx) =>
        tx.getEstimatedRangeSizeBytes(r),
  ),
  range.map(
    (r): Step =>
      (tx) =>
        tx.getRangeSplitPoints(r, 1_000),
  ),
);

const fill = async ({ runner, system }: Fixture, ids: readonly TenantId[]): Promise<void> => {
  await system.system(async (tx) => {
    for (const id of ids) {
      tx.putTenant({ id, name: "Acme", state: "active", incarnation: 1, createdAt: 1, revision: 1 });
    }
  });
  for (const id of ids) {
    await runner.transact(id, async (tx) => {
      for (const k of [[0], [2, 0x61, 0], [0xfe, 0xff, 0xff]]) tx.set(Uint8Array.from(k), bytes("kept"));
    });
  }
};

describe("two tenants side by side", () => {
  test("whatever one does, nothing of the others, or of the control plane, is touched or asked for", async () => {
    const keyspace = new Keyspace();
    const own = keyspace.tenant(mine);
    const stateKey = Buffer.from(keyspace.control.registryKey(mine)).toString("hex");
    const metadataKey = Buffer.from("\xff/metadataVersion", "latin1").toString("hex");
    let committed = 0;
    let recorder: RecordingEngine | undefined;
    await using fixture = await openFixture({ keyspace, clock: hastyClock }, (engine) => {
      recorder = recording(engine);
      return recorder;
    });
    if (recorder === undefined) throw new Error("no recorder");
    const { accesses } = recorder;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        await fill(fixture, [low, mine, high]);
        const before = await dump(fixture.engine);
        const from = accesses.length;
        const code = await codeOf(
          fixture.runner.transact(mine, async (tx) => {
            // What is refused or fails is left out, so that the rest still shows what it does.
            for (const each of steps) {
              try {
                await each(tx);
              } catch {}
            }
          }),
        );
        if (code === undefined) committed++;
        const after = await dump(fixture.engine);
        const isOwn = (hex: string): boolean => own.contains(Buffer.from(hex, "hex"));
        const rest = (all: Map<string, string>) => [...all].filter(([k]) => !isOwn(k));
        expect(rest(after)).toEqual(rest(before));
        for (const { begin, end, kind, operation } of accesses.slice(from)) {
          const hex = Buffer.from(begin).toString("hex");
          if (hex === stateKey && (kind === "readConflict" || kind === "asked" || kind === "returned")) continue;
          if (hex === metadataKey && (kind === "asked" || kind === "returned")) continue;
          const inside =
            end !== undefined
              ? own.containsRange(begin, end)
              : operation === "getRangeSplitPoints"
                ? own.containsBound(begin)
                : own.contains(begin);
          expect([operation, kind, inside]).toEqual([operation, kind, true]);
        }
      }),
      { numRuns: runs(150) },
    );
    expect(committed).toBeGreaterThan(10);
  });

  test("getKey and getRange answer as if the tenant's keys were all there are", async () => {
    await using fixture = await openFixture();
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(
          relative.filter((k) => k.length > 0 && k[0] !== 0xff),
          { maxLength: 8, comparator: (a, b) => compareBytes(a, b) === 0 },
        ),
        fc.array(selector, { maxLength: 8 }),
        async (keys, selectors) => {
          await fill(fixture, [low, mine, high]);
          const all = { begin: new Uint8Array(), end: Uint8Array.of(0xff) };
          await fixture.runner.transact(mine, async (tx) => {
            tx.clearRange(all);
            for (const k of keys) tx.set(k, bytes("x"));
          });
          // The marker of the transaction is a key of the tenant, too.
          const sorted = await fixture.runner.read(mine, async (tx) => (await tx.getRange(all)).rows.map(([k]) => k));
          expect(sorted).toEqual([...sorted].sort(compareBytes));
          for (const k of keys) expect(sorted).toContainEqual(k);
          const expected = ({ key: k, orEqual, offset }: RelativeSelector): Uint8Array | undefined => {
            const before = sorted.filter((other) => compareBytes(other, k) < (orEqual ? 1 : 0)).length;
            return sorted[before - 1 + offset];
          };
          for (const each of selectors) {
            const answers = await codeOf(
              fixture.runner.read(mine, async (tx) => expect(await tx.getKey(each)).toEqual(expected(each))),
            );
            expect(answers === undefined || answers === "ISOLATION_VIOLATION" ? undefined : answers).toBeUndefined();
          }
        },
      ),
      { numRuns: runs(60) },
    );
  });

  test("a selector conflicts with what it read, and no further", async () => {
    await using fixture = await openFixture({ clock: hastyClock });
    await fill(fixture, [low, mine, high]);
    const other = fixture.another().runner;
    const runsWhen = async (selected: RelativeSelector, written: Uint8Array): Promise<number> => {
      let run = 0;
      await fixture.runner.transact(mine, async (tx) => {
        await tx.getKey(selected);
        if (++run === 1)
          await other.transact(mine, async (second) => second.set(written, bytes(String(Math.random()))));
        tx.set(Uint8Array.of(0xfd), bytes("x"));
      });
      return run;
    };
    for (const n of [1, 4, 8]) await fixture.runner.transact(mine, async (tx) => tx.set(key(n), bytes("x")));
    const from = { key: key(2), orEqual: false, offset: 1 };
    expect(await runsWhen(from, key(5))).toBe(1);
    expect(await runsWhen(from, key(3))).toBe(2);
    expect(await runsWhen({ key: key(8), orEqual: false, offset: 0 }, key(2))).toBe(1);
    expect(await runsWhen({ key: key(8), orEqual: false, offset: 0 }, key(6))).toBe(2);
  });
});

describe("what a view gives away", () => {
  const reachable = (root: unknown): unknown[] => {
    const seen = new Set<unknown>();
    const visit = (node: unknown): void => {
      if ((typeof node !== "object" && typeof node !== "function") || node === null || seen.has(node)) return;
      seen.add(node);
      if (node === Object.prototype || node === Function.prototype) return;
      for (const name of Reflect.ownKeys(node)) {
        const property = Object.getOwnPropertyDescriptor(node, name);
        visit(property?.value);
        visit(property?.get);
      }
      visit(Object.getPrototypeOf(node));
    };
    visit(root);
    return [...seen];
  };

  test("no property, prototype, symbol, inspection or JSON of a view leads to the engine or to other keys", async () => {
    await using fixture = await openFixture();
    await fill(fixture, [low, mine]);
    const check = (view: object): void => {
      for (const node of reachable(view)) {
        expect(typeof node === "object" && node !== null && ("begin" in node || "engine" in node)).toBe(false);
      }
      const shown = inspect(view, { depth: 20, showHidden: true, getters: true }) + JSON.stringify(view);
      expect(shown).not.toMatch(/engine|guard|prefix|keyspace/i);
      expect(Object.keys(view)).toEqual([]);
      for (const name of ["raw", "parent", "at", "engine", "root"]) expect(name in view).toBe(false);
    };
    await fixture.runner.transact(mine, async (tx) => {
      check(tx);
      const watch = tx.watch(Uint8Array.of(0));
      expect(Object.keys(watch).sort()).toEqual(["cancel", "fired"]);
      expect(Object.getPrototypeOf(watch)).toBe(Object.prototype);
      watch.cancel();
      const { rows } = await tx.getRange({ begin: new Uint8Array(), end: Uint8Array.of(0xff) });
      // No bytes behind a key show the tenant's prefix.
      for (const [k] of rows) expect(k.buffer.byteLength).toBe(k.length);
    });
    await fixture.runner.read(mine, async (tx) => {
      check(tx);
      for (const name of ["set", "clear", "clearRange", "atomic", "watch", "afterCommit"])
        expect(name in tx).toBe(false);
    });
  });
});
