/** The laws beside others on one cluster: what those do to what is everybody's makes no law fail, and they lose nothing. */
import { describe, expect, test } from "vitest";
import { seeded } from "../../bench/people/random.js";
import type { Engine } from "../../lib/engine/index.js";
import { metadataVersionKey } from "../../lib/keyspace/index.js";
import { isolationCases } from "../../lib/testing/index.js";
import { arrayEngine } from "../engine/array-engine.js";
import { shop } from "./shop.js";

/** Everything of an engine, and the metadata version. */
async function content(engine: Engine): Promise<readonly string[]> {
  const at = (key: readonly number[]) => ({ key: Uint8Array.from(key), orEqual: false, offset: 1 });
  const { rows } = await engine.begin().getRange(at([]), at([0xff]));
  const version = await engine.begin().get(metadataVersionKey());
  return [...rows.flat(), version ?? new Uint8Array()].map((bytes) => Buffer.from(bytes).toString("latin1"));
}

describe("on an engine that others use as well", () => {
  test("no answer and no call depends on whether they change the metadata version meanwhile", async () => {
    const engine = arrayEngine();
    const chance = seeded(1);
    const busy: Engine = {
      name: engine.name,
      capabilities: engine.capabilities,
      begin: () => {
        if (chance() < 0.3) {
          const other = engine.begin();
          other.atomic("setVersionstampedValue", metadataVersionKey(), new Uint8Array(14));
          void other.commit();
        }
        return engine.begin();
      },
      close: () => engine.close(),
    };
    const cases = isolationCases({ entities: shop, engine: busy, runs: 5, seed: 1 });
    await cases.find(({ name }) => name.startsWith("assertForeignLooksMissing"))?.run();
  });

  test("the laws change neither rows of others nor the metadata version", async () => {
    const engine = arrayEngine();
    const transaction = engine.begin();
    for (const key of ["\x02tenantry", "\x02tenantry laws", "\x02tenantry laws\0", "\x02tenantry laws\0\x03"]) {
      transaction.set(Buffer.from(key, "latin1"), Uint8Array.of(1));
    }
    transaction.atomic("setVersionstampedValue", metadataVersionKey(), new Uint8Array(14));
    await transaction.commit();
    const before = await content(engine);
    for (const { run } of isolationCases({ entities: shop, engine, runs: 1 })) await run();
    expect(await content(engine)).toEqual(before);
  });
});
