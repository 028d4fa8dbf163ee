/** A caller's idempotency key: the same value again, in every process, for a day. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { attemptMarkerBucketMs, idempotencyBucketMs, idempotentResultBytesMax } from "../../lib/limits/index.js";
import { systemClock } from "../../lib/observe/index.js";
import type { TenantId } from "../../lib/tenant/index.js";
import type { TransactionRunner } from "../../lib/transaction/index.js";
import { codeOf, count, dump, hastyClock, increment, key, lost, openFixture, scripted } from "./fixture.js";

const charge = async <T>(runner: TransactionRunner, id: TenantId, value: T, idempotencyKey = "k"): Promise<T> =>
  runner.transact(
    id,
    async (tx) => {
      increment(tx, key("charges"));
      return value;
    },
    { idempotencyKey },
  );
const charges = async (runner: TransactionRunner, id: TenantId): Promise<number> =>
  count(await runner.read(id, (tx) => tx.get(key("charges"))));

/** A clock whose wall time is set by hand. */
const clockAt = (start: number) => {
  const clock = { ...systemClock, time: start, now: () => clock.time };
  return clock;
};
const noon = 20_000.5 * idempotencyBucketMs;

describe("idempotency keys", () => {
  test("are their subject's own, whatever another one makes of the same text", async () => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    const charged = (subject: string | undefined, value: string, idempotencyKey = "k"): Promise<string> =>
      fixture.runner.onBehalfOf(subject === undefined ? undefined : { tenant: id, subject, roles: [] }).transact(
        id,
        async (tx) => {
          increment(tx, key("charges"));
          return value;
        },
        { idempotencyKey },
      );
    expect(await charged("ada", "ada's")).toBe("ada's");
    expect(await charged("bob", "bob's")).toBe("bob's");
    expect(await charged(undefined, "nobody's")).toBe("nobody's");
    expect(await charged("ada", "again")).toBe("ada's");
    // Not by a text that looks like another's key either.
    const digest = createHash("sha256").update("ada").digest().subarray(0, 16).toString("latin1");
    expect(await charged(undefined, "mine", `k${digest}`)).toBe("mine");
    expect(await charges(fixture.runner, id)).toBe(4);
  });

  test.each([
    ["undefined", undefined],
    ["null", null],
    ["text", "paid"],
    ["an object", { id: 7n, at: new Date(5), tags: new Set(["a"]), ratio: -0, bytes: Uint8Array.of(1, 2) }],
    ["the largest", "x".repeat(idempotentResultBytesMax - 64)],
  ])("replays %s", async (_name, value) => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    let followed = 0;
    const call = (runner: TransactionRunner, result: unknown): Promise<unknown> =>
      runner.transact(
        id,
        async (tx) => {
          increment(tx, key("charges"));
          tx.afterCommit(() => {
            followed++;
          });
          return result;
        },
        { idempotencyKey: "k" },
      );
    expect(await call(fixture.runner, value)).toEqual(value);
    expect(await call(fixture.runner, "other")).toEqual(value);
    expect(await call(fixture.another().runner, "other")).toEqual(value);
    expect([await charges(fixture.runner, id), followed]).toEqual([1, 1]);
  });

  test("belongs to its tenant", async () => {
    await using fixture = await openFixture();
    const [a, b] = [await fixture.tenant(), await fixture.tenant()];
    expect([await charge(fixture.runner, a, "a"), await charge(fixture.runner, b, "b")]).toEqual(["a", "b"]);
    expect(await charges(fixture.runner, b)).toBe(1);
  });

  test.each([
    ["a function", () => 1],
    ["an instance", new (class Money {})()],
    ["too much", "x".repeat(idempotentResultBytesMax)],
  ])("refuses %s as a value, and writes nothing", async (_name, value) => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    const before = await dump(fixture.engine);
    expect(await codeOf(charge<unknown>(fixture.runner, id, value))).toBe("IDEMPOTENT_RESULT_INVALID");
    expect(await dump(fixture.engine)).toEqual(before);
  });

  test("remembers nothing of a call that failed, or wrote nothing", async () => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    const failing = fixture.runner.transact(
      id,
      async (tx) => {
        increment(tx, key("charges"));
        throw new Error("declined");
      },
      { idempotencyKey: "k" },
    );
    await expect(failing).rejects.toThrow("declined");
    expect(await fixture.runner.transact(id, async () => "nothing", { idempotencyKey: "k" })).toBe("nothing");
    expect(await charge(fixture.runner, id, "paid")).toBe("paid");
  });

  test("settles a lost commit of its own: value and follow-up are the first run's", async () => {
    await using fixture = await openFixture({ clock: hastyClock }, (engine) => scripted(engine, [lost(1021)]));
    const id = await fixture.tenant();
    const value = { same: true };
    expect(await charge(fixture.runner, id, value)).toBe(value);
    expect(await charges(fixture.runner, id)).toBe(1);
  });

  test("holds for a day, also across midnight and between clocks that differ, and is swept after", async () => {
    const here = clockAt(noon);
    const there = clockAt(noon);
    await using fixture = await openFixture({ clock: here });
    const other = fixture.another({ clock: there }).runner;
    const id = await fixture.tenant();
    await charge(fixture.runner, id, "first");
    for (const time of [noon + idempotencyBucketMs, noon - idempotencyBucketMs, noon + attemptMarkerBucketMs]) {
      there.time = time;
      expect(await charge(other, id, "second")).toBe("first");
    }
    // At both sides of midnight at once: one wins.
    here.time = 20_001 * idempotencyBucketMs - 1;
    there.time = 20_001 * idempotencyBucketMs + 1;
    const values = await Promise.all([
      charge(fixture.runner, id, "before", "midnight"),
      charge(other, id, "after", "midnight"),
    ]);
    expect(new Set(values).size).toBe(1);
    expect(await charges(fixture.runner, id)).toBe(2);
    here.time = noon + 5 * idempotencyBucketMs;
    const before = (await dump(fixture.engine)).size;
    await fixture.runner.transact(id, async (tx) => increment(tx, key("charges")));
    // Both results, and the markers of both processes; the one of this write itself is new.
    expect((await dump(fixture.engine)).size).toBeLessThanOrEqual(before - 2 + 1);
    expect(await charge(fixture.runner, id, "third")).toBe("third");
  });

  test("markers of past hours go with the first write of a new one", async () => {
    const clock = clockAt(noon);
    await using fixture = await openFixture({ clock });
    const id = await fixture.tenant();
    const write = (): Promise<void> => fixture.runner.transact(id, async (tx) => increment(tx, key("n")));
    const sizes: number[] = [];
    for (let hour = 0; hour < 8; hour++) {
      await write();
      sizes.push((await dump(fixture.engine)).size);
      clock.time += attemptMarkerBucketMs;
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual((sizes[0] ?? 0) + 2);
  });

  test("holds across processes, one of which dies right after its commit", { timeout: 30_000 }, async () => {
    const path = await mkdtemp(join(tmpdir(), "tenantry-idempotency-"));
    try {
      const printed: string[] = [];
      for (const name of ["first", "second"]) {
        const child = spawn(process.execPath, ["--import", "tsx", join(import.meta.dirname, "charge.ts"), path, name], {
          stdio: ["ignore", "pipe", "inherit"],
        });
        let output = "";
        child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
          output += chunk;
        });
        await once(child, "close");
        printed.push(output.trim());
      }
      expect(printed).toEqual(["first 1", "first 1"]);
    } finally {
      await rm(path, { recursive: true, force: true });
    }
  });
});
