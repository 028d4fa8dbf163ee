/** The laws one level down: whatever bytes are given to a tenant's transaction, the engine is asked for its own keys. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { combiningOps } from "../../lib/engine/atomic-op.js";
import { Keyspace } from "../../lib/keyspace/index.js";
import type { TenantId } from "../../lib/tenant/index.js";
import { assertOthersUnchanged, assertStaysInTenant, type KeptRow, recording } from "../../lib/testing/index.js";
import { castOf } from "../../lib/testing/isolation/cast.js";
import {
  SystemRunner,
  type TenantTransaction,
  TransactionHost,
  TransactionRunner,
} from "../../lib/transaction/index.js";
import { pack, uuid } from "../../lib/tuple/index.js";
import { arrayEngine } from "../engine/array-engine.js";
import { runs } from "../runs.js";

/** Relative keys as an attacker would choose them. */
const keys = (neighbour: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.uint8Array({ maxLength: 4 }) },
    fc.constantFrom(
      new Uint8Array(),
      Uint8Array.of(0xff),
      Uint8Array.of(0xff, 0xff),
      Uint8Array.of(0x00),
      Uint8Array.of(0xfe),
      neighbour,
      new Uint8Array(1_875).fill(1),
      new Uint8Array(1_900).fill(1),
      pack([0, 1, uuid(neighbour.slice(-16))]),
    ),
  );

const operand = fc.uint8Array({ maxLength: 12 });

/** One call of any method, with what it was given, as a function on a transaction. */
function calls(neighbour: Uint8Array): fc.Arbitrary<(tx: TenantTransaction) => unknown> {
  const key = keys(neighbour);
  const range = fc.record({ begin: key, end: key });
  const stamped = fc
    .tuple(key, fc.oneof(fc.nat(40), fc.constantFrom(0xffffffff, 0x7fffffff, 1_900)))
    .map(([body, at]) => {
      const bytes = new Uint8Array(body.length + 14);
      bytes.set(body);
      new DataView(bytes.buffer).setUint32(bytes.length - 4, at, true);
      return bytes;
    });
  const selector = fc.record({
    key,
    orEqual: fc.boolean(),
    offset: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer()),
  });
  const read = fc.record({ limit: fc.nat(4), reverse: fc.boolean(), snapshot: fc.boolean() });
  const of = <T>(values: fc.Arbitrary<T>, call: (tx: TenantTransaction, value: T) => unknown) =>
    values.map((value) => {
      const made = (tx: TenantTransaction): unknown => call(tx, value);
      return Object.assign(made, { [fc.toStringMethod]: () => `${call} with ${fc.stringify(value)}` });
    });
  return fc.oneof(
    of(key, (tx, at) => tx.get(at)),
    of(selector, (tx, at) => tx.getKey(at)),
    of(fc.tuple(range, read), (tx, [at, options]) => tx.getRange(at, options)),
    of(fc.tuple(range, read), (tx, [at, options]) => tx.visitRange(at, options, () => {})),
    of(range, (tx, at) => tx.getEstimatedRangeSizeBytes(at)),
    of(range, (tx, at) => tx.getRangeSplitPoints(at, 10)),
    of(fc.tuple(key, operand), (tx, [at, value]) => tx.set(at, value)),
    of(key, (tx, at) => tx.clear(at)),
    of(range, (tx, at) => tx.clearRange(at)),
    of(fc.tuple(fc.constantFrom(...combiningOps), key, operand), (tx, [op, at, value]) => tx.atomic(op, at, value)),
    of(fc.tuple(fc.constant("setVersionstampedKey"), stamped), (tx, [op, at]) =>
      tx.atomic(op as "add", at, Uint8Array.of(1)),
    ),
    of(stamped, (tx, at) => tx.setVersionstampedKey(at, Uint8Array.of(1))),
    of(key, (tx, at) => tx.setVersionstampedValue(at, new Uint8Array(14))),
    of(range, (tx, at) => tx.addReadConflictRange(at)),
    of(key, (tx, at) => tx.addReadConflictKey(at)),
    of(range, (tx, at) => tx.addWriteConflictRange(at)),
    of(key, (tx, at) => tx.addWriteConflictKey(at)),
    of(key, (tx, at) => tx.watch(at).cancel()),
  );
}

describe("a tenant's transaction", () => {
  test("assertStaysInTenant, assertOthersUnchanged: every method, whatever it is given", async () => {
    const inner = arrayEngine();
    const engine = recording(inner);
    const keyspace = new Keyspace();
    const setting = { engine, keyspace };
    const host = new TransactionHost(setting);
    const [runner, system] = [new TransactionRunner(setting, host), new SystemRunner(host)];

    const rows = async (): Promise<KeptRow[]> => {
      const kept = await inner.begin().getRange(first(new Uint8Array()), first(Uint8Array.of(0xff)));
      return kept.rows.map(([key, value]) => ({ key: key.slice(), value: value.slice() }));
    };
    const admit = (id: TenantId) =>
      system.system(async (tx) => {
        tx.putTenant({ id, name: "of the laws", state: "active", incarnation: 1, createdAt: 0, revision: 1 });
        tx.actAsTenant(id).set(Uint8Array.of(2), Uint8Array.of(3));
        tx.actAsTenant(id).set(Uint8Array.of(0xfe, 0xff), Uint8Array.of(4));
      });

    const property = fc.asyncProperty(fc.nat(), fc.nat(121), fc.infiniteStream(fc.nat()), async (seed, bit, picks) => {
      const { acting, neighbour } = castOf(seed, bit);
      await admit(acting);
      await admit(neighbour);
      const before = await rows();
      engine.take();
      const call = calls(keyspace.tenant(neighbour).prefix);
      const [pick] = [picks.next().value ?? 0];
      for (const work of fc.sample(call, { numRuns: 8, seed: pick })) {
        // Each in a transaction of its own: a violation that is swallowed still lets nothing be committed.
        await runner
          .transact(acting, async (tx) => {
            tx.set(Uint8Array.of(9), Uint8Array.of(9));
            await Promise.resolve(work(tx));
          })
          .catch((error: unknown) => expect(error).toMatchObject({ name: expect.stringMatching(/Error$/) }));
      }
      assertStaysInTenant(engine.take(), acting);
      assertOthersUnchanged(before, await rows(), acting);
      const cleaner = inner.begin();
      cleaner.clearRange(new Uint8Array(), Uint8Array.of(0xff));
      await cleaner.commit();
    });
    await fc.assert(property, { numRuns: runs(150) });
    await engine.close();
  });
});

const first = (key: Uint8Array) => ({ key, orEqual: false, offset: 1 });
