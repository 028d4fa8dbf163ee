/** The law of quotas: whatever happens at once and goes wrong, counters are right and hard limits are never passed. */
import { describe, expect, test } from "vitest";
import { dice } from "../../lib/engine/faults/dice.js";
import type { Tenant } from "../../lib/tenant-handle.js";
import { type FaultyEngine, faulty } from "../../lib/testing/index.js";
import { runs } from "../runs.js";
import { codeOf, hastyClock } from "../transaction/fixture.js";
import { Note, note, openStage, Tag, usedOf } from "./stage.js";

const limits = { records: 60, bytes: 3_000, storageBytes: 4_000, seats: 5 };

const plans = {
  hard: {
    storageBytes: limits.storageBytes,
    entities: { note: { records: limits.records, bytes: limits.bytes } },
    resources: { seats: limits.seats },
  },
  soft: { entities: { note: { records: { soft: 30 } } }, resources: { seats: 50 } },
  none: {},
};

const rates = {
  conflict: 0.1,
  unknownApplied: 0.05,
  unknownNotApplied: 0.05,
  unknownLate: 0.02,
  tooOld: 0.01,
  timeout: 0.005,
};

/** One random change. */
async function act(tenant: Tenant, roll: () => number): Promise<void> {
  const [kind, id, length] = [roll(), Math.floor(roll() * 100), Math.floor(roll() * 120)];
  const notes = tenant.repository(Note);
  const name = `user${id % 9}`;
  if (kind < 0.35) await notes.put(note(id, length));
  else if (kind < 0.55) await notes.delete(id);
  else if (kind < 0.65) await notes.putMany([note(id, length), note(id + 1, length)]);
  else if (kind < 0.75) await notes.deleteMany([id, id + 1, id + 2]);
  else if (kind < 0.8) await tenant.repository(Tag).put({ id });
  else if (kind < 0.88) await tenant.quotas.claims("seats").claim(name);
  else if (kind < 0.95) await tenant.quotas.claims("seats").release(name);
  else {
    await tenant.transact(async (tx) => {
      await tx.claims("seats").claim(name);
      await tx.repository(Note).put(note(id, length));
      await tx.repository(Tag).delete(id);
    });
  }
}

const expected = new Set([
  undefined,
  "QUOTA_EXCEEDED",
  "TRANSACTION_OUTCOME_UNKNOWN",
  "TRANSACTION_ATTEMPTS_EXHAUSTED",
]);

describe("counters", () => {
  test("equal a recount after random concurrent operations with faults, and no hard limit is passed", async () => {
    const operations = runs(400);
    let engine: FaultyEngine | undefined;
    await using stage = await openStage(plans, { clock: hastyClock }, (inner) => {
      engine = faulty(inner, { seed: 7, rates, delayMs: 2 });
      return engine;
    });
    engine?.disarm();
    const [bound, neighbour] = [await stage.tenant("hard"), await stage.tenant("hard")];
    const wandering = await stage.tenant("soft");
    const second = await stage.another();
    engine?.arm();
    const handles = [bound, neighbour, wandering, bound].map((tenant, n) =>
      n < 2 ? tenant : second.tenant(tenant.id),
    );
    const roll = dice(11, 0);
    let left = operations;
    let exceeded = 0;
    const worker = async (): Promise<void> => {
      while (left-- > 0) {
        const tenant = handles[Math.floor(roll() * handles.length)] ?? bound;
        const code = await codeOf(act(tenant, roll));
        expect([...expected]).toContain(code);
        if (code === "QUOTA_EXCEEDED") exceeded++;
        if (left % 97 === 0) await stage.move(wandering, ["hard", "none", "soft"][left % 3] ?? "soft");
        if (left % 53 === 0) {
          const { resources } = await codeless(() => bound.quotas.usage());
          for (const { limit = 0, used, kind } of resources)
            if (kind === "hard") expect(used).toBeLessThanOrEqual(limit);
        }
      }
    };
    await Promise.all(Array.from({ length: 24 }, worker));
    engine?.disarm();
    await engine?.settled();
    expect(engine?.injected.length).toBeGreaterThan(operations / 10);
    expect(exceeded).toBeGreaterThan(operations / 100);
    for (const { id } of [bound, neighbour, wandering]) {
      const found = await stage.db.quotas.recount(id, { repair: false });
      expect(found.filter(({ drift }) => drift !== 0)).toEqual([]);
    }
    const report = await bound.quotas.usage();
    expect(usedOf(report, "records:note")).toBe(await bound.repository(Note).count());
    expect(usedOf(report, "seats")).toBe((await bound.quotas.claims("seats").list()).length);
  });
});

/** Asks again until it is answered. */
async function codeless<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!expected.has((error as { code?: string }).code)) throw error;
    }
  }
}
