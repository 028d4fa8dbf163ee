/** Conflicts are answered when a retry can read what they lost to. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Engine, type EngineTransaction, memory, openEngine } from "../../../lib/engine/index.js";

const key = Uint8Array.of(1);
let engine: Engine;

beforeAll(async () => {
  engine = await openEngine(memory());
});
afterAll(() => engine.close());

/** Reads the counter and sets it one higher. */
async function incremented(): Promise<EngineTransaction> {
  const transaction = engine.begin();
  const [count = 0] = (await transaction.get(key)) ?? [];
  transaction.set(key, Uint8Array.of(count + 1));
  return transaction;
}

test("a conflict is answered after the commit it lost to, and one retry then succeeds", async () => {
  expect(engine.capabilities.retriesAtOnce).toBe(true);
  for (let round = 1; round <= 20; round++) {
    const [winner, loser] = [await incremented(), await incremented()];
    const order: string[] = [];
    const won = winner.commit().then(() => order.push("won"));
    const lost = loser.commit().catch((error: unknown) => {
      order.push("lost");
      expect(error).toMatchObject({ fdbCode: 1020 });
    });
    await lost;
    expect(order).toEqual(["won", "lost"]);
    await won;
    await (await incremented()).commit();
    expect(await engine.begin().get(key)).toEqual(Uint8Array.of(2 * round));
  }
});

test("one that lost to what is flushed already is answered without any commit under way", async () => {
  const loser = await incremented();
  await (await incremented()).commit();
  await expect(loser.commit()).rejects.toMatchObject({ fdbCode: 1020 });
});
