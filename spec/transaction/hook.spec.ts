/** Hooks: policies that join a transaction and reach no further than their own subspace. */
import { describe, expect, test } from "vitest";
import { Keyspace, subspaceRange, subspaces } from "../../lib/keyspace/index.js";
import type { RecordChange, TransactionHook } from "../../lib/transaction/index.js";
import { bytes, codeOf, count, dump, hastyClock, increment, key, openFixture, refused, scripted } from "./fixture.js";

const change: RecordChange = {
  entity: "city",
  id: Uint8Array.of(1),
  kind: "create",
  before: undefined,
  after: {},
  bytesBefore: 0,
  bytesAfter: 10,
};

describe("hooks", () => {
  test("need not be there for a change to be announced", async () => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    await fixture.runner.transact(id, async (tx) => {
      tx.set(key("a"), bytes("x"));
      tx.announce(change);
    });
    expect(await fixture.runner.read(id, (tx) => tx.get(key("a")))).toEqual(bytes("x"));
  });

  test("see each change at once and all before the commit, in their order, in every attempt", async () => {
    const calls: string[] = [];
    const hook = (name: string, subspace: TransactionHook["subspace"]): TransactionHook => ({
      name,
      subspace,
      change: ({ tenant }, { kind }) => void calls.push(`${name} ${kind} ${tenant.state}`),
      async beforeCommit({ transaction }, changes) {
        calls.push(`${name} before ${changes.length}`);
        increment(transaction, key("n"));
        expect(count(await transaction.get(key("n")))).toBeGreaterThan(0);
      },
    });
    const hooks = [hook("quota", subspaces.usage), hook("sessions", subspaces.sessions)];
    await using fixture = await openFixture({ hooks, clock: hastyClock }, (engine) =>
      scripted(engine, [refused(1020)]),
    );
    const id = await fixture.tenant();
    await fixture.runner.transact(id, async (tx) => {
      tx.set(key("a"), bytes("x"));
      tx.announce(change);
      tx.announce(change);
    });
    const once = [
      ...["quota create active", "sessions create active", "quota create active", "sessions create active"],
      ...["quota before 2", "sessions before 2"],
    ];
    expect(calls).toEqual([...once, ...once]);
    const rows = (subspace: TransactionHook["subspace"]) =>
      fixture.runner.read(id, async (tx) => (await tx.getRange(subspaceRange(subspace))).rows);
    for (const subspace of [subspaces.usage, subspaces.sessions]) {
      expect((await rows(subspace)).map(([, value]) => count(value))).toEqual([1]);
    }
    // Reading only, they are not asked.
    calls.length = 0;
    await fixture.runner.transact(id, (tx) => tx.get(key("a")));
    expect(calls).toEqual([]);
  });

  test("know on whose behalf they are called, and reach the audit trail of their tenant's incarnation if they ask", async () => {
    const seen: unknown[] = [];
    const hooks: TransactionHook[] = [
      {
        name: "audit",
        subspace: subspaces.auditKey,
        trail: true,
        beforeCommit({ context, label, trail }) {
          seen.push(context?.subject, label.operation);
          trail?.set(key("entry"), bytes("x"));
        },
      },
      { name: "quota", subspace: subspaces.usage, beforeCommit: ({ trail }) => void seen.push(trail) },
    ];
    await using fixture = await openFixture({ hooks });
    const id = await fixture.tenant();
    const runner = fixture.runner.onBehalfOf({ tenant: id, subject: "u1", roles: [] });
    await runner.transact(id, async (tx) => tx.set(key("a"), bytes("x")), { label: { operation: "put" } });
    expect(seen).toEqual(["u1", "put", undefined]);
    const entry = Buffer.concat([new Keyspace().control.auditPrefix(id, 1), key("entry")]).toString("hex");
    expect((await dump(fixture.engine)).has(entry)).toBe(true);
  });

  test("take part in what they name, and in nothing else", async () => {
    const seen: string[] = [];
    const hooks: TransactionHook[] = [
      { name: "neither", subspace: subspaces.usage },
      { name: "changes", subspace: subspaces.usage, change: (_, { kind }) => void seen.push(kind) },
      { name: "commits", subspace: subspaces.usage, beforeCommit: (_, changes) => void seen.push(`${changes.length}`) },
    ];
    await using fixture = await openFixture({ hooks });
    await fixture.runner.transact(await fixture.tenant(), async (tx) => {
      tx.set(key("a"), bytes("x"));
      tx.announce(change);
    });
    expect(seen).toEqual(["create", "1"]);
  });

  test("refuse a transaction by throwing, and can't leave an operation unawaited", async () => {
    for (const [beforeCommit, code] of [
      [() => Promise.reject(new RangeError("over quota")), "RangeError: over quota"],
      [({ transaction }) => void transaction.get(key("n")), "TRANSACTION_OPERATION_PENDING"],
      [({ transaction }) => transaction.set(Uint8Array.of(0xff), bytes("x")), "ISOLATION_VIOLATION"],
    ] satisfies [TransactionHook["beforeCommit"], string][]) {
      const hooks: TransactionHook[] = [{ name: "quota", subspace: subspaces.usage, beforeCommit }];
      await using fixture = await openFixture({ hooks });
      const id = await fixture.tenant();
      expect(await codeOf(fixture.runner.transact(id, async (tx) => tx.set(key("a"), bytes("x"))))).toBe(code);
      expect(await fixture.runner.read(id, (tx) => tx.get(key("a")))).toBeUndefined();
    }
  });
});
