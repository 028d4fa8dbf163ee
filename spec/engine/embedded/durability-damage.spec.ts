/** Damaged, foreign and unwritable stores: each is told by an error of its own, and nothing is lost in silence. */
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { open } from "lmdb";
import { describe, expect, test } from "vitest";
import { type Engine, embedded, type KeySelector, memory, openEngine } from "../../../lib/engine/index.js";
import { type ErrorCode, isTenantryError } from "../../../lib/errors/index.js";
import { runs } from "../../runs.js";
import { bytes, temporaryDirectory } from "./temporary-store.js";

const quick = (path: string) => embedded({ path, durability: "relaxed", lockTimeout: 0 });

async function rowsOf(engine: Engine): Promise<string> {
  const rows: string[] = [];
  const end = { key: Uint8Array.of(0xff), orEqual: false, offset: 1 };
  let begin: KeySelector = { key: new Uint8Array(0), orEqual: false, offset: 1 };
  const transaction = engine.begin();
  for (;;) {
    const batch = await transaction.getRange(begin, end);
    for (const [key, value] of batch.rows) {
      rows.push(`${Buffer.from(key).toString("hex")}=${Buffer.from(value).toString("hex")}`);
    }
    const last = batch.rows.at(-1);
    if (!batch.more || last === undefined) return rows.join("\n");
    begin = { key: last[0], orEqual: true, offset: 1 };
  }
}

async function fill(path: string): Promise<string> {
  const engine = await openEngine(quick(path));
  for (let commit = 0; commit < 10; commit++) {
    const transaction = engine.begin();
    for (let i = 0; i < 50; i++) {
      const key = bytes(`key/${(commit * 31 + i * 17) % 300}`);
      if ((commit + i) % 4 === 0) transaction.clear(key);
      else transaction.set(key, new Uint8Array(i % 25 === 0 ? 12_000 : (i * 37) % 400).fill(commit));
    }
    await transaction.commit();
  }
  const rows = await rowsOf(engine);
  await engine.close();
  return rows;
}

/** The code of what opening throws. */
async function refusalOf(path: string): Promise<ErrorCode | undefined> {
  try {
    const engine = await openEngine(quick(path));
    await engine.close();
    return undefined;
  } catch (error) {
    if (isTenantryError(error)) return error.code;
    throw error;
  }
}

describe("a damaged store", () => {
  test("with a flipped bit gives every row as it was, or is refused", async () => {
    const directory = temporaryDirectory();
    const rows = await fill(directory);
    const data = join(directory, "data.mdb");
    const whole = readFileSync(data);
    const pages = whole.length / 8_192;
    // Meta pages, page headers and the rest in equal parts.
    const place = fc.oneof(
      fc.tuple(fc.nat(1), fc.nat(168)),
      fc.tuple(fc.nat(pages - 1), fc.nat(64)),
      fc.tuple(fc.nat(pages - 1), fc.nat(8_191)),
    );
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(place, fc.nat(7), async ([page, offset], bit) => {
        const flipped = Buffer.from(whole);
        const at = page * 8_192 + offset;
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
        writeFileSync(data, flipped);
        try {
          const engine = await openEngine(quick(directory));
          try {
            expect(await rowsOf(engine)).toBe(rows);
            // What is written next must not land on what is there.
            const transaction = engine.begin();
            for (let i = 0; i < 40; i++) transaction.set(bytes(`zz/${i}`), new Uint8Array(2_000));
            await transaction.commit();
            expect((await rowsOf(engine)).startsWith(rows)).toBe(true);
          } finally {
            await engine.close();
          }
        } catch (error) {
          if (!isTenantryError(error, "STORE_CORRUPT")) throw error;
          refused += 1;
        }
      }),
      { numRuns: runs(200) },
    );
    expect(refused).toBeGreaterThan(10);
    writeFileSync(data, whole);
    expect(await refusalOf(directory)).toBe(undefined);
  });

  test("that was cut short is refused, to the last page in use", async () => {
    const directory = temporaryDirectory();
    const rows = await fill(directory);
    const copy = `${directory}-cut`;
    const { length } = readFileSync(join(directory, "data.mdb"));
    for (const rest of [0, 1, 100, 8_192, 16_384, 16_385, Math.floor(length / 2), length - 8_192, length - 1]) {
      cpSync(directory, copy, { recursive: true });
      truncateSync(join(copy, "data.mdb"), rest);
      const code = await refusalOf(copy);
      if (code === undefined) {
        const engine = await openEngine(quick(copy));
        expect(await rowsOf(engine)).toBe(rows);
        await engine.close();
      } else expect(code).toBe("STORE_CORRUPT");
      if (rest < length / 2) expect(code).toBe("STORE_CORRUPT");
      rmSync(copy, { recursive: true });
    }
  });

  test("whose file is gone is refused, not begun anew", async () => {
    const directory = temporaryDirectory();
    await fill(directory);
    rmSync(join(directory, "data.mdb"));
    expect(await refusalOf(directory)).toBe("STORE_CORRUPT");
  });

  test("with damage in its readers' table is opened: nothing in it is kept", async () => {
    const directory = temporaryDirectory();
    const rows = await fill(directory);
    writeFileSync(join(directory, "lock.mdb"), Buffer.alloc(8_192, 0x5a));
    const engine = await openEngine(quick(directory));
    expect(await rowsOf(engine)).toBe(rows);
    await engine.close();
  });
});

describe("what is no store", () => {
  test("is left as it is", async () => {
    const directory = temporaryDirectory();
    const cases: [string, () => Promise<void> | void][] = [
      ["text", () => writeFileSync(join(directory, "text", "data.mdb"), "Dear diary. ".repeat(3_000))],
      ["short", () => writeFileSync(join(directory, "short", "data.mdb"), "x")],
      [
        "other",
        async () => {
          const other = open({ path: join(directory, "other"), noSubdir: false });
          await other.put("theirs", { a: 1 });
          await other.close();
        },
      ],
      [
        "same-pages",
        async () => {
          const other = open({ path: join(directory, "same-pages"), noSubdir: false, pageSize: 8_192 });
          await other.put("theirs", { a: 1 });
          await other.close();
        },
      ],
    ];
    for (const [name, make] of cases) {
      mkdirSync(join(directory, name));
      await make();
      const before = readFileSync(join(directory, name, "data.mdb"));
      expect(await refusalOf(join(directory, name)), name).toBe("STORE_FOREIGN");
      expect(readFileSync(join(directory, name, "data.mdb")).equals(before)).toBe(true);
    }
    writeFileSync(join(directory, "file"), "not a directory");
    expect(await refusalOf(join(directory, "file"))).toBe("STORE_FOREIGN");
  });
});

describe("a directory that cannot be written", () => {
  test("is refused with the reason", async () => {
    // No user, not even root, makes a directory there.
    if (process.platform === "linux") expect(await refusalOf("/proc/tenantry/store")).toBe("STORE_UNWRITABLE");
    const directory = temporaryDirectory();
    writeFileSync(join(directory, "file"), "");
    expect(await refusalOf(join(directory, "file", "store"))).toBe("STORE_UNWRITABLE");
  });

  test.skipIf(process.getuid?.() === 0)("is refused when its mode says so (root may write anywhere)", async () => {
    const directory = temporaryDirectory();
    await fill(directory);
    chmodSync(directory, 0o555);
    expect(await refusalOf(directory)).toBe("STORE_UNWRITABLE");
    chmodSync(directory, 0o755);
    chmodSync(join(directory, "data.mdb"), 0o444);
    expect(await refusalOf(directory)).toBe("STORE_UNWRITABLE");
  });
});

describe("a store at its largest size", () => {
  test("refuses rows, takes clears, and has room again after them", async () => {
    const engine = await openEngine(memory({ mapBytes: 4 * 2 ** 20 }));
    const value = new Uint8Array(50_000);
    let rows = 0;
    let refusal: unknown;
    while (refusal === undefined) {
      const transaction = engine.begin();
      transaction.set(bytes(`row/${rows}`), value);
      await transaction.commit().then(
        () => rows++,
        (error: unknown) => {
          refusal = error;
        },
      );
    }
    expect(isTenantryError(refusal, "STORE_FULL")).toBe(true);
    expect(rows * value.length).toBeGreaterThan(2 * 2 ** 20);
    expect((await rowsOf(engine)).split("\n").length).toBe(rows);
    const clearing = engine.begin();
    clearing.clearRange(bytes("row/"), bytes("row0"));
    await clearing.commit();
    const again = engine.begin();
    again.set(bytes("row/again"), value);
    await again.commit();
    await engine.close();
  });
});
