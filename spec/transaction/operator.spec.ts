/** A runner in an operator's hands: what more states of a tenant let it do, by each of its ways. */
import { describe, expect, test } from "vitest";
import { EngineError } from "../../lib/engine/index.js";
import { subspaces } from "../../lib/keyspace/index.js";
import { type Logger, silentLogger } from "../../lib/observe/index.js";
import type { TenantId } from "../../lib/tenant/index.js";
import { type TenantState, tenantStates } from "../../lib/tenant/index.js";
import { isOfEntity, type TransactionHook, type TransactionRunner, valueAt } from "../../lib/transaction/index.js";
import { withCapabilities } from "../engine/with-capabilities.js";
import { bytes, codeOf, key, openFixture } from "./fixture.js";
import { manualClock } from "./manual-clock.js";

const states = Object.keys(tenantStates) as TenantState[];

/** Each way to read and to write. */
const reads: Readonly<Record<string, (runner: TransactionRunner, id: TenantId) => Promise<unknown>>> = {
  read: (runner, id) => runner.read(id, (tx) => tx.get(key("a"))),
  readOwn: (runner, id) => runner.readOwn(id, (tx) => tx.get(key("a"))),
  session: async (runner, id) => {
    using session = runner.openReadSession(id);
    await session.read((tx) => tx.get(key("a")));
  },
};
const writes: Readonly<Record<string, (runner: TransactionRunner, id: TenantId) => Promise<unknown>>> = {
  transact: (runner, id) => runner.transact(id, async (tx) => tx.set(key("a"), bytes("x"))),
  transactOwn: (runner, id) => runner.transactOwn(id, async (tx) => tx.set(key("a"), bytes("x"))),
  operate: (runner, id) =>
    runner.operate(id, function* (tx) {
      yield* valueAt(key("a"));
      tx.set(key("a"), bytes("x"));
    }),
};

const isLetIn = async (work: Promise<unknown>): Promise<boolean> => {
  const code = await codeOf(work);
  if (code !== undefined && code !== "TENANT_UNAVAILABLE") throw new Error(code);
  return code === undefined;
};

describe.each(states)("a tenant that is %s", (state) => {
  test("lets users and operators in as its state says, whichever way they come", async () => {
    await using fixture = await openFixture({}, (engine) => withCapabilities(engine, { tellsOutcomes: true }));
    const id = await fixture.tenant(state);
    const operator = fixture.runner.asOperator("ops");
    const rules = tenantStates[state];
    for (const read of Object.values(reads)) {
      expect(await isLetIn(read(fixture.runner, id))).toBe(rules.reads);
      expect(await isLetIn(read(operator, id))).toBe(rules.operatorReads);
    }
    for (const write of Object.values(writes)) {
      expect(await isLetIn(write(fixture.runner, id))).toBe(rules.writes);
      expect(await isLetIn(write(operator, id))).toBe(rules.operatorWrites);
    }
    expect(await fixture.runner.available(id)).toBe(rules.reads);
  });
});

describe("a runner", () => {
  test("tells hooks which operator acts, or that none does", async () => {
    const seen: unknown[] = [];
    const hook: TransactionHook = {
      name: "seeing",
      subspace: subspaces.usage,
      beforeCommit: ({ operator, label }) => void seen.push([operator, label.operation]),
    };
    await using fixture = await openFixture({ hooks: [hook] });
    const id = await fixture.tenant();
    for (const runner of [fixture.runner, fixture.runner.asOperator("ops")]) {
      await runner.transact(id, async (tx) => tx.set(key("a"), bytes("x")), { label: { operation: "put" } });
    }
    expect(seen).toEqual([
      [undefined, "put"],
      ["ops", "put"],
    ]);
  });

  test("says of a tenant nobody knows that it is not there, and passes on what else goes wrong", async () => {
    await using fixture = await openFixture();
    expect(await fixture.runner.available("a0b1c2d3-0000-4000-8000-000000000001" as TenantId)).toBe(false);
    await using broken = await openFixture({}, (engine) => ({
      name: engine.name,
      capabilities: engine.capabilities,
      close: () => engine.close(),
      begin: () => {
        throw new EngineError(2000);
      },
    }));
    await expect(broken.runner.available(await broken.tenant())).rejects.toMatchObject({ fdbCode: 2000 });
  });
});

test.each(Object.entries({ ...reads, ...writes }))(
  "%s rejects, and does not throw, for an id that is none",
  async (_, way) => {
    await using fixture = await openFixture();
    const call = way(fixture.runner, "nonsense" as TenantId);
    await expect(call).rejects.toMatchObject({ code: "TENANT_ID_INVALID" });
  },
);

test("each way to call is told of as what it is", async () => {
  const kinds: unknown[] = [];
  const logger: Logger = { ...silentLogger, debug: ({ kind }) => void kinds.push(kind) };
  await using fixture = await openFixture({ logger });
  const { runner, system } = fixture;
  const id = await fixture.tenant();
  // Those who made the tenant were told of as well.
  kinds.length = 0;
  for (const write of Object.values(writes)) await write(runner, id);
  expect(kinds.splice(0)).toEqual(["transact", "transact", "transact"]);
  for (const read of Object.values(reads)) await read(runner, id);
  await runner.available(id);
  expect(kinds.splice(0)).toEqual(["read", "read", "read", "read"]);
  await system.system(async (tx) => tx.getTenant(id));
  expect(kinds).toEqual(["system"]);
});

test("a runner tells its clock, and tells when closing begins", async () => {
  const clock = manualClock();
  await using fixture = await openFixture({ clock });
  expect(fixture.runner.clock).toBe(clock);
  const told: string[] = [];
  fixture.runner.onClose(() => void told.push("closing"));
  await fixture.runner.close();
  expect(told).toEqual(["closing"]);
});

test("changes of records are told from those of members and sessions by their names", () => {
  const change = {
    id: bytes("1"),
    kind: "create",
    before: undefined,
    after: {},
    bytesBefore: 0,
    bytesAfter: 1,
  } as const;
  expect(["city", "a#b", "#members", "#sessions"].map((entity) => isOfEntity({ ...change, entity }))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
