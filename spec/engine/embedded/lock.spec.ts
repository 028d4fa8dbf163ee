/**
 * One process at a time opens a store, one engine is shared in a process, and nothing left behind stands in the way.
 * Left out of the quick run.
 */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { embedded, openEngine } from "../../../lib/engine/index.js";
import { isTenantryError } from "../../../lib/errors/index.js";
import { ownTime } from "../../own-time.js";
import { startChild } from "./child-process.js";
import { bytes, temporaryDirectory, text } from "./temporary-store.js";

const put = async (engine: Awaited<ReturnType<typeof openEngine>>, key: string, value: string): Promise<void> => {
  const transaction = engine.begin();
  transaction.set(bytes(key), bytes(value));
  await transaction.commit();
};

const get = async (engine: Awaited<ReturnType<typeof openEngine>>, key: string): Promise<string | undefined> =>
  text(await engine.begin().get(bytes(key)));

const refusal = async (act: Promise<unknown>): Promise<unknown> =>
  act.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("in one process", () => {
  test("a path opened again, however it is spelt, is the same store, open until the last is closed", async () => {
    const path = join(temporaryDirectory(), "store");
    const first = await openEngine(embedded(path));
    symlinkSync(path, `${path}-link`);
    const [second, third] = await Promise.all([
      openEngine(embedded(`${path}-link`)),
      openEngine(embedded(relative(process.cwd(), path))),
    ]);
    await put(first, "a", "1");
    expect(await get(second, "a")).toBe("1");
    await first.close();
    expect(isTenantryError(await refusal((async () => first.begin())()), "ENGINE_CLOSED")).toBe(true);
    await put(third, "a", "2");
    await third.close();
    expect(await get(second, "a")).toBe("2");
    expect(existsSync(join(path, "lock"))).toBe(true);
    await second.close();
    expect(existsSync(join(path, "lock"))).toBe(false);
    const again = await openEngine(embedded(path));
    expect(await get(again, "a")).toBe("2");
    await again.close();
    await again.close();
  });

  test("opening while the last one closes waits for it", async () => {
    const path = temporaryDirectory();
    for (let i = 0; i < 5; i++) {
      const engine = await openEngine(embedded(path));
      await put(engine, "n", `${i}`);
      void engine.close();
    }
    const engine = await openEngine(embedded(path));
    expect(await get(engine, "n")).toBe("4");
    await engine.close();
  });

  test("a store that is open with relaxed durability is not passed off as a durable one", async () => {
    const path = temporaryDirectory();
    const engine = await openEngine(embedded({ path, durability: "relaxed" }));
    expect(engine.capabilities.durable).toBe(false);
    const error = await refusal(openEngine(embedded(path)));
    expect(isTenantryError(error, "STORE_OPTION")).toBe(true);
    await engine.close();
  });
});

describe("between processes", () => {
  test("the second is told the first's pid, or gets the store when the first lets go in time", async () => {
    const path = temporaryDirectory();
    const holder = startChild("hold", path, 0);
    expect(await holder.next()).toBe("open");
    const error = await refusal(openEngine(embedded({ path, lockTimeout: 100 })));
    if (!isTenantryError(error, "STORE_LOCKED")) throw error;
    expect(error.details.pid).toBe(holder.process.pid);
    expect(error.details.waitedMs).toBeGreaterThanOrEqual(100);
    const waiting = openEngine(embedded({ path, lockTimeout: 50_000 }));
    setTimeout(() => holder.process.stdin.write("go\n"), 300);
    await (await waiting).close();
    await holder.ended;
  });

  test("of many that want it, one has it at a time, also when each is killed", async () => {
    const path = temporaryDirectory();
    const children = Array.from({ length: 3 }, () => startChild("hold", path, 30_000));
    const waiting = new Map(children.map((child) => [child, child.next().then((line) => ({ child, line }))] as const));
    while (waiting.size > 0) {
      const { child, line } = await Promise.race(waiting.values());
      expect(line).toBe("open");
      waiting.delete(child);
      await new Promise((resolve) => setTimeout(resolve, 150));
      expect([...waiting.keys()].filter(({ lines }) => lines.length > 0)).toEqual([]);
      child.process.kill("SIGKILL");
      await child.ended;
    }
  });

  test("a lock left behind by a killed process is not in the way", async () => {
    const path = temporaryDirectory();
    const holder = startChild("hold", path, 0);
    expect(await holder.next()).toBe("open");
    holder.process.kill("SIGKILL");
    await holder.ended;
    expect(existsSync(join(path, "lock"))).toBe(true);
    const started = ownTime();
    await (await openEngine(embedded(path))).close();
    expect(ownTime() - started).toBeLessThan(3_000);
  });

  test("nor is one whose number another process has now, one cut short, or one of a machine that is gone", async () => {
    const path = temporaryDirectory();
    mkdirSync(path, { recursive: true });
    const lock = join(path, "lock");
    const engine = await openEngine(embedded(path));
    const own: unknown = JSON.parse(readFileSync(lock, "utf8"));
    await engine.close();
    const record = { ...(own as object), pid: process.ppid, started: "1", token: "t" };
    writeFileSync(lock, JSON.stringify(record));
    await (await openEngine(embedded({ path, lockTimeout: 0 }))).close();
    const contents = [`{"pid":`, JSON.stringify({ ...record, host: `not-${hostname()}` })];
    const opened = contents.map(async (content) => {
      const directory = temporaryDirectory();
      writeFileSync(join(directory, "lock"), content);
      const error = await refusal(openEngine(embedded({ path: directory, lockTimeout: 200 })));
      expect(isTenantryError(error, "STORE_LOCKED")).toBe(true);
      // Nobody touches it while this waits.
      await (await openEngine(embedded(directory))).close();
    });
    await Promise.all(opened);
  });
});
