/** Backups of a store in use, what is restored from them, and `checkStore`. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { backupStore, checkStore, type Engine, embedded, openEngine, restoreStore } from "../../../lib/engine/index.js";
import { isTenantryError } from "../../../lib/errors/index.js";
import { startChild } from "./child-process.js";
import { bytes, temporaryDirectory } from "./temporary-store.js";

const begin = { key: bytes("a"), orEqual: false, offset: 1 };
const end = { key: bytes("z"), orEqual: false, offset: 1 };
const codeOf = async (act: Promise<unknown>): Promise<string | undefined> =>
  act.then(
    () => undefined,
    (error: unknown) => (isTenantryError(error) ? error.code : String(error)),
  );

/** Each commit moves one from one row to the other: the sum never changes. */
async function transfer(engine: Engine, total: number, n: number): Promise<void> {
  const transaction = engine.begin();
  transaction.set(bytes("left"), bytes(String(total - n)));
  transaction.set(bytes("right"), bytes(String(n)));
  transaction.set(bytes(`log/${n}`), new Uint8Array(500));
  await transaction.commit();
}

async function sum(path: string): Promise<number> {
  const engine = await openEngine(embedded(path));
  const transaction = engine.begin();
  const rows: [Uint8Array, Uint8Array][] = [];
  for (let from = begin, more = true; more; ) {
    const batch = await transaction.getRange(from, end);
    rows.push(...batch.rows);
    more = batch.more;
    from = { key: batch.rows.at(-1)?.[0] ?? end.key, orEqual: true, offset: 1 };
  }
  await engine.close();
  const value = (name: string): number =>
    Number(Buffer.from(rows.find(([key]) => Buffer.from(key).toString() === name)?.[1] ?? []).toString());
  expect(rows.length).toBe(2 + value("right"));
  return value("left") + value("right");
}

describe("a backup", () => {
  test("taken while commits go on is the store at one moment, and restores to it", async () => {
    const root = temporaryDirectory();
    const engine = await openEngine(embedded({ path: join(root, "store"), durability: "relaxed" }));
    await transfer(engine, 1_000, 1);
    let [n, going] = [1, true];
    const commits = (async () => {
      while (going) await transfer(engine, 1_000, ++n);
    })();
    const reports = [];
    for (let i = 0; i < 3; i++) reports.push(await backupStore(join(root, "store"), join(root, `backup-${i}`)));
    const checked = await checkStore(join(root, "store"));
    going = false;
    await commits;
    expect(checked.complete).toBe(true);
    expect(await codeOf(backupStore(join(root, "store"), join(root, "backup-0")))).toBe("STORE_EXISTS");
    await engine.close();
    for (const [i, report] of reports.entries()) {
      const restored = await restoreStore(join(root, `backup-${i}`), join(root, `restored-${i}`));
      expect(restored).toEqual(report);
      expect(await sum(join(root, `restored-${i}`))).toBe(1_000);
    }
    expect(await codeOf(restoreStore(join(root, "backup-0"), join(root, "store")))).toBe("STORE_EXISTS");
    expect(readdirSync(root).sort()).toEqual(
      ["backup-0", "backup-1", "backup-2", "restored-0", "restored-1", "restored-2", "store"].sort(),
    );
  });

  test("can be taken of a store another process has open, which goes on committing", async () => {
    const [path, target] = [temporaryDirectory(), join(temporaryDirectory(), "backup")];
    const child = startChild("acknowledge", path, 1);
    expect(await child.next()).toMatch(/^\d\/\d+$/);
    const acknowledged = [...child.lines];
    const report = await backupStore(path, target);
    child.process.kill("SIGKILL");
    await child.ended;
    expect(child.lines.length).toBeGreaterThan(acknowledged.length);
    expect(report.complete).toBe(true);
    const engine = await openEngine(embedded(target));
    for (const name of acknowledged) expect(await engine.begin().get(bytes(`a/${name}`))).toBeDefined();
    await engine.close();
  });

  test("of a store that is closed needs nobody, and a damaged one is refused both ways", async () => {
    const root = temporaryDirectory();
    const path = join(root, "store");
    const engine = await openEngine(embedded(path));
    await transfer(engine, 10, 1);
    await engine.close();
    expect(await checkStore(path)).toEqual(await backupStore(path, join(root, "backup")));
    const data = readFileSync(join(path, "data.mdb"));
    // A byte of a row's value: its key is found by its text.
    const at = data.lastIndexOf("log/1") + 100;
    data[at] = (data[at] ?? 0) ^ 1;
    writeFileSync(join(path, "data.mdb"), data);
    writeFileSync(join(root, "backup", "data.mdb"), data);
    expect(await codeOf(checkStore(path))).toBe("STORE_CORRUPT");
    expect(await codeOf(backupStore(path, join(root, "another")))).toBe("STORE_CORRUPT");
    expect(await codeOf(restoreStore(join(root, "backup"), join(root, "another")))).toBe("STORE_CORRUPT");
    expect(existsSync(join(root, "another"))).toBe(false);
    expect(readdirSync(root).sort()).toEqual(["backup", "store"]);
  });
});
