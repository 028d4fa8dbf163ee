/** Call policies: what stands in front of every call of a tenant, and hears of its end. */
import { describe, expect, test } from "vitest";
import type { CallPolicy } from "../../lib/transaction/index.js";
import { bytes, codeOf, key, openFixture } from "./fixture.js";

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
    await fixture.runner.transact(id, async (tx) => tx.set(key("a"), bytes("x")), {
      context,
      label: { operation: "put" },
    });
    expect(said.splice(0)).toEqual([
      "a in transact u1 put",
      "b in transact u1 put",
      "b out 1 undefined",
      "a out 1 undefined",
    ]);
    await codeOf(fixture.runner.read(id, () => Promise.reject(new RangeError("no"))));
    expect(said.splice(0).slice(2)).toEqual(["b out 1 RangeError", "a out 1 RangeError"]);
    const session = fixture.runner.openReadSession(id, { context });
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
    await fixture.runner.close({ drainMs: 1 });
    admit();
    expect(await call).toBe("DATABASE_CLOSED");
  });
});
