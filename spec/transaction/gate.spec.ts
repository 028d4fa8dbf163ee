/** The gate: which tenants can be read and written, and how little that costs. */
import { describe, expect, test } from "vitest";
import { ViolationLog } from "../../lib/guard/index.js";
import { Keyspace } from "../../lib/keyspace/index.js";
import { tenantStatesCachedMax } from "../../lib/limits/index.js";
import { systemRandom } from "../../lib/observe/index.js";
import { newTenantId, type TenantId, type TenantState, tenantStates } from "../../lib/tenant/index.js";
import { TenantGate } from "../../lib/transaction/gate.js";
import type { TransactionRunner } from "../../lib/transaction/index.js";
import { bytes, codeOf, dump, hastyClock, key, openFixture, scripted } from "./fixture.js";

const write = (runner: TransactionRunner, id: TenantId): Promise<string | undefined> =>
  codeOf(runner.transact(id, async (tx) => tx.set(key("a"), bytes("x"))));
const read = (runner: TransactionRunner, id: TenantId): Promise<string | undefined> =>
  codeOf(runner.read(id, (tx) => tx.get(key("a"))));

describe("the gate", () => {
  test("an unknown tenant reads as an empty one, at the same engine calls, and takes no writes", async () => {
    const calls: string[] = [];
    await using fixture = await openFixture({}, (engine) => scripted(engine, [], calls));
    const known = await fixture.tenant();
    const before = await dump(fixture.engine);
    const record = async (id: TenantId): Promise<string[]> => {
      calls.length = 0;
      for (let i = 0; i < 2; i++) {
        const rows = await fixture.runner.read(id, async (tx) => [
          await tx.get(key("a")),
          await tx.getKey({ key: key(), orEqual: false, offset: 1 }),
          (await tx.getRange({ begin: key(), end: Uint8Array.of(0xff) })).rows.length,
        ]);
        expect(rows).toEqual([undefined, undefined, 0]);
      }
      return [...calls];
    };
    expect(await record(newTenantId())).toEqual(await record(known));
    expect(await write(fixture.runner, newTenantId())).toBe("TENANT_UNAVAILABLE");
    expect(await dump(fixture.engine)).toEqual(before);
    // Reading inside a writing transaction is fine, and so is one that then decides not to write.
    expect(await fixture.runner.transact(newTenantId(), (tx) => tx.get(key("a")))).toBeUndefined();
  });

  test.each(Object.keys(tenantStates))("state %s permits what its rules say", async (name) => {
    const state = name as TenantState;
    await using fixture = await openFixture();
    const id = await fixture.tenant(state);
    const { reads, writes } = tenantStates[state];
    expect(await read(fixture.runner, id)).toBe(reads ? undefined : "TENANT_UNAVAILABLE");
    expect(await write(fixture.runner, id)).toBe(writes ? undefined : "TENANT_UNAVAILABLE");
  });

  test("every write is refused at once, not only at the commit", async () => {
    await using fixture = await openFixture();
    const range = { begin: key("a"), end: key("b") };
    await fixture.runner.transact(newTenantId(), async (tx) => {
      for (const use of [
        () => tx.set(key("a"), bytes("")),
        () => tx.clear(key("a")),
        () => tx.clearRange(range),
        () => tx.atomic("add", key("a"), bytes("1")),
        () => tx.setVersionstampedKey(new Uint8Array(30), bytes("")),
        () => tx.setVersionstampedValue(key("a"), new Uint8Array(14)),
        () => tx.addWriteConflictKey(key("a")),
        () => tx.addWriteConflictRange(range),
      ]) {
        expect([use.toString(), await codeOf(use)]).toEqual([use.toString(), "TENANT_UNAVAILABLE"]);
      }
    });
  });

  test("a change of state is seen at once by every process", async () => {
    await using fixture = await openFixture();
    const other = fixture.another();
    const id = await fixture.tenant();
    for (const [state, expected] of [
      ["active", undefined],
      ["suspended", "TENANT_UNAVAILABLE"],
      ["active", undefined],
    ] as const) {
      await fixture.setState(id, state);
      for (const { runner } of [fixture, other]) {
        expect(await write(runner, id)).toBe(expected);
        expect(await read(runner, id)).toBe(expected);
      }
    }
    await fixture.system.system(async (tx) => tx.removeTenant(id));
    expect(await write(fixture.runner, id)).toBe("TENANT_UNAVAILABLE");
    expect(await read(fixture.runner, id)).toBeUndefined();
  });

  test("a suspension committed during a transaction makes it fail, a change of another tenant does not", async () => {
    await using fixture = await openFixture({ clock: hastyClock });
    const [mine, other] = [await fixture.tenant(), await fixture.tenant()];
    const runsWhile = async (change: () => Promise<void>): Promise<[number, string | undefined]> => {
      let run = 0;
      const code = await codeOf(
        fixture.runner.transact(mine, async (tx) => {
          tx.set(key("a"), bytes("x"));
          if (++run === 1) await change();
        }),
      );
      return [run, code];
    };
    expect(await runsWhile(() => fixture.setState(other, "suspended"))).toEqual([1, undefined]);
    // The second run is refused at its first write, so it does not get to its count.
    expect(await runsWhile(() => fixture.setState(mine, "suspended"))).toEqual([1, "TENANT_UNAVAILABLE"]);
  });

  test("the tenant's record is read again only after a change of the metadata version", async () => {
    const calls: string[] = [];
    await using fixture = await openFixture({}, (engine) => scripted(engine, [], calls));
    const id = await fixture.tenant();
    const gets = async (): Promise<number> => {
      calls.length = 0;
      await fixture.runner.transact(id, async (tx) => tx.set(key("a"), bytes("x")));
      return calls.filter((call) => call === "get").length;
    };
    expect([await gets(), await gets(), await gets()]).toEqual([2, 1, 1]);
    await fixture.tenant();
    expect([await gets(), await gets()]).toEqual([2, 1]);
  });

  test("text that is no tenant id is refused", async () => {
    await using fixture = await openFixture();
    const id = "not-a-tenant" as TenantId;
    expect(await write(fixture.runner, id)).toBe("TENANT_ID_INVALID");
    expect(await read(fixture.runner, id)).toBe("TENANT_ID_INVALID");
  });

  test("a version that is there for the first time is a change, and one that stays is none", async () => {
    const calls: string[] = [];
    await using fixture = await openFixture({}, (engine) => scripted(engine, [], calls));
    // Nobody has written the metadata version yet.
    const id = newTenantId();
    const gets = async (): Promise<number> => {
      calls.length = 0;
      await read(fixture.runner, id);
      return calls.filter((call) => call === "get").length;
    };
    expect([await gets(), await gets()]).toEqual([3, 2]);
    await fixture.setState(id, "active");
    expect([await gets(), await gets()]).toEqual([3, 2]);
    expect(await write(fixture.runner, id)).toBeUndefined();
  });

  test("keeps what it knows of so many tenants, those used last", () => {
    const gate = new TenantGate(new Keyspace(), new ViolationLog(), systemRandom);
    const ids = Array.from({ length: tenantStatesCachedMax + 1 }, () => newTenantId());
    const [first, second, third] = ids as [TenantId, TenantId, TenantId];
    const seats = [first, second, third].map((id) => gate.seat(id));
    for (const id of ids.slice(3, -1)) gate.seat(id);
    expect(gate.seat(first)).toBe(seats[0]);
    expect(gate.seat(first)).toBe(seats[0]);
    // All places are taken. Strangers get none of them,
    for (const id of [newTenantId(), newTenantId()]) expect(gate.stranger(id).tenantId).toBe(id);
    expect(gate.stranger(second)).toBe(seats[1]?.guard);
    // and for a tenant the one that was not used for longest makes room.
    gate.seat(ids.at(-1) ?? first);
    expect(gate.seat(third)).toBe(seats[2]);
    expect(gate.seat(first)).toBe(seats[0]);
    expect(gate.seat(second)).not.toBe(seats[1]);
  });
});
