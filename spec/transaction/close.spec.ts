/** Closing: new work is refused, what runs is given time, then cancelled. */
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { bytes, codeOf, key, openFixture, scripted, text } from "./fixture.js";

describe("closing", () => {
  test("waits for what runs, refuses what is new", async () => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    const running = fixture.runner.transact(id, async (tx) => {
      await delay(30);
      tx.set(key("a"), bytes("x"));
      return "done";
    });
    await delay(5);
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
    expect(await running).toBe("done");
    await closing;
    const value = await fixture.another().runner.read(id, async (tx) => text(await tx.get(key("a"))));
    expect(value).toBe("x");
  });

  test("cancels after drainMs what does not end", async () => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    const work = codeOf(fixture.runner.transact(id, () => new Promise(() => {})));
    const begun = performance.now();
    await fixture.runner.close(20);
    expect(performance.now() - begun).toBeLessThan(1_000);
    expect(await work).toBe("DATABASE_CLOSED");
  });

  test("a commit under way is settled, not given up", async () => {
    await using fixture = await openFixture({}, (engine) =>
      scripted(engine, [
        async (commit) => {
          await commit();
          await new Promise(() => {});
        },
      ]),
    );
    const id = await fixture.tenant();
    const work = fixture.runner.transact(id, async (tx) => {
      tx.set(key("a"), bytes("x"));
      return "applied";
    });
    await delay(10);
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
