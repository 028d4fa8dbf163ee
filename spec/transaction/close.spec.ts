/** Closing: new work is refused, what runs is given time, then cancelled. */
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { bytes, codeOf, gate, key, openFixture, scripted, text } from "./fixture.js";

describe("closing", () => {
  test("waits for what runs, refuses what is new", async () => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    const [begun, goOn] = [gate(), gate()];
    const running = fixture.runner.transact(id, async (tx) => {
      begun.open();
      await goOn.opened;
      tx.set(key("a"), bytes("x"));
      return "done";
    });
    await begun.opened;
    const closing = fixture.runner.close();
    expect(fixture.runner.close()).toBe(closing);
    for (const work of [
      fixture.runner.transact(id, async () => 1),
      fixture.runner.read(id, async () => 1),
      fixture.system.system(async () => 1),
    ]) {
      expect(await codeOf(work)).toBe("DATABASE_CLOSED");
    }
    let closed = false;
    closing.then(() => {
      closed = true;
    });
    await delay(5);
    expect(closed).toBe(false);
    goOn.open();
    expect(await running).toBe("done");
    await closing;
    const value = await fixture.another().runner.read(id, async (tx) => text(await tx.get(key("a"))));
    expect(value).toBe("x");
  });

  test("cancels after drainMs what does not end", async () => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    const work = codeOf(fixture.runner.transact(id, () => new Promise(() => {})));
    // Not by its deadline, which is later than this spec's.
    await fixture.runner.close(20);
    expect(await work).toBe("DATABASE_CLOSED");
  });

  test("a commit under way is settled, not given up", async () => {
    const committed = gate();
    await using fixture = await openFixture({}, (engine) =>
      scripted(engine, [
        async (commit) => {
          await commit();
          committed.open();
          await new Promise(() => {});
        },
      ]),
    );
    const id = await fixture.tenant();
    const work = fixture.runner.transact(id, async (tx) => {
      tx.set(key("a"), bytes("x"));
      return "applied";
    });
    await committed.opened;
    await fixture.runner.close(10);
    expect(await work).toBe("applied");
  });

  test("await using closes", async () => {
    await using fixture = await openFixture();
    const { runner } = fixture.another();
    {
      await using _scope = runner;
    }
    expect(await codeOf(runner.read(await fixture.tenant(), async () => 1))).toBe("DATABASE_CLOSED");
  });
});
