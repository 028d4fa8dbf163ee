/**
 * What was acknowledged is on the disk: under strace, after kill -9, and when the disk refuses.
 * Left out of the quick run.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PageFile } from "../../../lib/engine/embedded/lmdb/page-file.js";
import { embedded, openEngine } from "../../../lib/engine/index.js";
import { runs } from "../../runs.js";
import { startChild } from "./child-process.js";
import { killRound } from "./kill-round.js";
import { blind, bytes, openStore, set, temporaryDirectory } from "./temporary-store.js";

const straceMissing = ((): string | undefined => {
  try {
    execFileSync("strace", ["-o", "/dev/null", "true"], { stdio: "ignore" });
    return undefined;
  } catch (error) {
    return `strace does not run here (${error instanceof Error ? error.message.split("\n")[0] : error})`;
  }
})();
if (straceMissing !== undefined) console.warn(`durability.spec.ts: skips the specs under strace: ${straceMissing}`);

const killRounds = Math.min(runs(4), 1_000);
const traced = "pwrite64,pwritev,pwritev2,writev,write,fdatasync,fsync,msync,openat";
const rows = { key: new Uint8Array(0), orEqual: false, offset: 1 };
const end = { key: Uint8Array.of(0xff), orEqual: false, offset: 1 };

interface Call {
  readonly name: string;
  /** The file it is about. */
  readonly target: string;
  readonly text: string;
}

/** The system calls of a log of strace, in the order they ended (those that wait are written in two parts). */
function callsOf(log: string): Call[] {
  const begun = new Map<string, string>();
  const calls: Call[] = [];
  for (const line of log.split("\n")) {
    const [, thread = "", rest = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (rest.endsWith("<unfinished ...>")) {
      begun.set(thread, rest.slice(0, -"<unfinished ...>".length).trimEnd());
      continue;
    }
    const text = rest.replace(/^<\.\.\. \w+ resumed>/, () => begun.get(thread) ?? "");
    const [, name = ""] = /^(\w+)\(/.exec(text) ?? [];
    const [, target = ""] = (name === "openat" ? /= \d+<([^>]*)>/ : /^\w+\(\d+<([^>]*)>/).exec(text) ?? [];
    calls.push({ name, target, text });
  }
  return calls;
}

async function keysOf(path: string): Promise<string[]> {
  const engine = await openEngine(embedded(path));
  const { rows: found } = await engine.begin().getRange(rows, end);
  await engine.close();
  return found.map(([key]) => Buffer.from(key).toString());
}

describe("an acknowledged commit", () => {
  test("is in the file's newest state by then, and the file is opened for flushed writes", async () => {
    const directory = temporaryDirectory();
    const store = await openStore(directory, { flush: "commit" });
    const file = new PageFile(join(directory, "data.mdb"));
    for (let i = 0; i < 20; i++) {
      const before = file.meta().transaction;
      await store.commit(blind(set(bytes(`k${i}`), bytes("v"))));
      expect(file.meta().transaction).toBe(before + 1);
    }
    file.close();
    await store.close();
  });

  test.skipIf(straceMissing !== undefined)("is acknowledged after its flush, never before (strace)", async () => {
    const [path, log] = [temporaryDirectory(), join(temporaryDirectory(), "strace")];
    const commits = 12;
    const child = startChild("commit", path, commits, [
      "strace",
      "-f",
      "-q",
      "-y",
      "-s",
      "24",
      "-o",
      log,
      "-e",
      `trace=${traced}`,
    ]);
    await child.ended;
    expect(child.lines.filter((line) => line.startsWith("acknowledged")).length).toBe(commits);
    let unflushed = 0;
    let newest = 0;
    let acknowledged = 0;
    let flushing = false;
    for (const { name, target, text } of callsOf(readFileSync(log, "utf8"))) {
      if (target.endsWith("/data.mdb")) {
        if (name === "openat") flushing ||= text.includes("O_DSYNC");
        else if (name === "fdatasync") unflushed = 0;
        // What makes a state the newest is small, and goes through the descriptor whose writes are flushed.
        else if (name === "pwrite64" && /, 128, (40|8232)\)/.test(text)) {
          expect(unflushed).toBe(0);
          newest += 1;
        } else unflushed += 1;
      } else if (name === "write" && text.includes("acknowledged")) {
        acknowledged += 1;
        expect(unflushed).toBe(0);
        // The first one is the store's own, made when it was opened.
        expect(newest).toBeGreaterThan(acknowledged);
      }
    }
    expect({ flushing, acknowledged }).toEqual({ flushing: true, acknowledged: commits });
  });

  test.each(["acknowledge", "compacting"] as const)(
    "is there after kill -9, whole, and so is everything before it (%s)",
    async (task) => {
      let path = temporaryDirectory();
      let first = 1;
      for (let round = 1; round <= killRounds; round++) {
        first = (await killRound(path, first, task)).next;
        // A store grows with every round: begin another now and then.
        if (round % 25 === 0) [path, first] = [temporaryDirectory(), 1];
      }
    },
    killRounds * 20_000,
  );
});

describe.skipIf(straceMissing !== undefined)("when the disk refuses", () => {
  const inject = (what: string): readonly string[] => ["strace", "-f", "-q", "-o", "/dev/null", "-e", `inject=${what}`];

  test("a full disk refuses commits with an error of its own, and takes them again once it has room", async () => {
    const path = temporaryDirectory();
    const child = startChild("commit", path, 8, inject("writev,pwritev:error=ENOSPC:when=3..4"));
    await child.ended;
    const refused = child.lines.filter((line) => line.startsWith("refused"));
    expect(refused.map((line) => line.split(" ")[2])).toEqual(["STORE_DISK_FULL", "STORE_DISK_FULL"]);
    const acknowledged = child.lines
      .filter((line) => line.startsWith("acknowledged"))
      .map((line) => line.split(" ")[1]);
    expect(acknowledged.length).toBe(6);
    expect(await keysOf(path)).toEqual(acknowledged.map((n) => `k${n}`).sort());
  });

  test.each(["fdatasync:error=EIO:when=3", "pwrite64:error=ENOSPC:when=6..7"])(
    "a flush that fails leaves the outcome open, and the store takes no more (%s)",
    async (what) => {
      const path = temporaryDirectory();
      const child = startChild("commit", path, 6, inject(what));
      await child.ended;
      const refused = child.lines.filter((line) => line.startsWith("refused")).map((line) => line.split(" ")[2]);
      expect(refused[0]).toBe("1021");
      expect(new Set(refused.slice(1))).toEqual(new Set(["STORE_FAILED"]));
      expect(child.lines.at(-1)).toBe("closed");
      const keys = await keysOf(path);
      for (const line of child.lines) {
        if (line.startsWith("acknowledged")) expect(keys).toContain(`k${line.split(" ")[1]}`);
      }
    },
  );
});
