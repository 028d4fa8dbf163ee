/** Call policies: what stands in front of every call of a tenant, and hears of its end. */
import { describe, expect, test } from "vitest";
import { type Logger, silentLogger } from "../../lib/observe/index.js";
import type { CallPolicy } from "../../lib/transaction/index.js";
import { bytes, codeOf, key, openFixture } from "./fixture.js";
import { manualClock } from "./manual-clock.js";

const noting = (name: string, said: string[]): CallPolicy => ({
  name,
  enter({ kind, context, label }) {
    said.push(`${name} in ${kind} ${context?.subject} ${label.operation}`);
    return ({ attempts, failure }) => void said.push(`${name} out ${attempts} ${failure}`);
  },
});

describe("call policies", () => {
  test("are asked in their order and told of the end in the opposite one, whatever becomes of the call", async () => {
    const said: string[] = [];
    await using fixture = await openFixture({ policies: [noting("a", said), noting("b", said)] });
    const id = await fixture.tenant();
    expect(said).toEqual([]);
    const context = { tenant: id, subject: "u1", roles: [] };
    const runner = fixture.runner.onBehalfOf(context);
    await runner.transact(id, async (tx) => tx.set(key("a"), bytes("x")), { label: { operation: "put" } });
    expect(said.splice(0)).toEqual([
      "a in transact u1 put",
      "b in transact u1 put",
      "b out 1 undefined",
      "a out 1 undefined",
    ]);
    await codeOf(fixture.runner.read(id, () => Promise.reject(new RangeError("no"))));
    expect(said.splice(0).slice(2)).toEqual(["b out 1 other", "a out 1 other"]);
    const session = runner.openReadSession(id);
    await session.read((tx) => tx.get(key("a")));
    session.end();
    expect(said).toEqual([
      "a in read u1 undefined",
      "b in read u1 undefined",
      "b out 1 undefined",
      "a out 1 undefined",
    ]);
  });

  test("refuse a call by throwing: nothing is read or written, and those before it hear of the end", async () => {
    const said: string[] = [];
    const refusing: CallPolicy = { name: "no", enter: () => Promise.reject(new RangeError("full")) };
    await using fixture = await openFixture({ policies: [noting("a", said), refusing, noting("b", said)] });
    const id = await fixture.tenant();
    let ran = false;
    const refused = fixture.runner.transact(id, async () => {
      ran = true;
    });
    expect(await codeOf(refused)).toBe("RangeError: full");
    expect(ran).toBe(false);
    expect(said).toEqual(["a in transact undefined undefined", "a out 0 refused"]);
  });

  test("that refuse a call are logged as its failure, with no attempt made", async () => {
    const lines: unknown[] = [];
    const logger: Logger = {
      ...silentLogger,
      debug: ({ attempts, failure }) => void lines.push([attempts, failure]),
    };
    const refusing: CallPolicy = { name: "no", enter: () => Promise.reject(new RangeError("full")) };
    await using fixture = await openFixture({ logger, policies: [refusing] });
    const id = await fixture.tenant();
    lines.length = 0;
    expect(await codeOf(fixture.runner.read(id, async () => {}))).toBe("RangeError: full");
    expect(lines).toEqual([[0, "other"]]);
  });

  test("that let a call in after the database was closed do not let it run", async () => {
    let admit = (): void => {};
    const slow: CallPolicy = {
      name: "slow",
      enter: () =>
        new Promise((resolve) => {
          admit = () => resolve(() => {});
        }),
    };
    await using fixture = await openFixture({ policies: [slow] });
    const id = await fixture.tenant();
    const call = codeOf(fixture.runner.transact(id, async () => {}));
    await fixture.runner.close(1);
    admit();
    expect(await call).toBe("DATABASE_CLOSED");
  });

  test("are told what the process knows of the tenant: nothing before its first transaction there", async () => {
    const known: (string | undefined)[] = [];
    const asking: CallPolicy = { name: "asking", enter: ({ tenant }) => void known.push(tenant?.state) };
    await using fixture = await openFixture({ policies: [asking] });
    const id = await fixture.tenant("readOnly");
    await fixture.runner.read(id, async () => {});
    await fixture.runner.read(id, async () => {});
    expect(known).toEqual([undefined, "readOnly"]);
  });

  test("are not asked for calls of the library's own, nor for the control plane's", async () => {
    const said: string[] = [];
    await using fixture = await openFixture({ policies: [noting("a", said)] });
    const id = await fixture.tenant();
    const own = fixture.runner.asLibrary();
    await own.transact(id, async (tx) => tx.set(key("a"), bytes("x")));
    await own.read(id, (tx) => tx.get(key("a")));
    await fixture.system.system(async (tx) => tx.getTenant(id));
    expect(said).toEqual([]);
  });

  test("may keep a call until its deadline: no attempt was made of it then", async () => {
    const clock = manualClock();
    const endless: CallPolicy = { name: "endless", enter: () => new Promise(() => {}) };
    await using fixture = await openFixture({ clock, policies: [endless] });
    const call = fixture.runner.read(await fixture.tenant(), async () => {}, { deadline: 700 });
    clock.timers.find(({ ms }) => ms === 700)?.fire();
    await expect(call).rejects.toMatchObject({
      code: "TRANSACTION_DEADLINE_PASSED",
      details: { deadlineMs: 700, attempts: 0 },
    });
  });
});

test("a call whose deadline passes while it runs says how many attempts were made", async () => {
  const clock = manualClock();
  await using fixture = await openFixture({ clock });
  const call = fixture.runner.read(await fixture.tenant(), () => new Promise(() => {}), { deadline: 700 });
  await new Promise((resolve) => setImmediate(resolve));
  clock.timers.find(({ ms }) => ms === 700)?.fire();
  await expect(call).rejects.toMatchObject({ details: { deadlineMs: 700, attempts: 1 } });
});
