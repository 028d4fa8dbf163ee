/** Style as a spec: which room may import which, how large files and rooms may be, what is dead, who may name what. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const lib = resolve(import.meta.dirname, "../lib");

/** The levels of the rooms; imports go down only. Files directly under `lib` are rooms of their own. */
const levels: Readonly<Record<string, number>> = {
  errors: 0,
  limits: 0,
  tuple: 0,
  observe: 0,
  roster: 0,
  options: 0,
  intrinsics: 0,
  tenant: 1,
  value: 1,
  engine: 1,
  keyspace: 2,
  guard: 2,
  transaction: 3,
  schema: 4,
  records: 4,
  indexes: 4,
  aggregates: 4,
  repository: 4,
  access: 5,
  quota: 5,
  fairness: 5,
  audit: 5,
  feed: 5,
  encryption: 5,
  lifecycle: 6,
  trail: 6,
  placement: 6,
  migration: 6,
  global: 6,
  backup: 6,
  privacy: 6,
  "tenant-handle.ts": 7,
  "database.ts": 7,
  "open.ts": 7,
  "open-options.ts": 7,
  http: 7,
  testing: 7,
  cli: 7,
  "index.ts": 7,
};

/** The only imports between rooms of one level. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  errors: ["intrinsics"],
  tuple: ["errors", "limits", "intrinsics"],
  observe: ["errors", "limits", "options", "intrinsics"],
  options: ["errors", "limits", "intrinsics"],
  roster: ["intrinsics"],
  guard: ["keyspace"],
  records: ["schema"],
  indexes: ["schema", "records"],
  aggregates: ["schema", "records", "indexes"],
  repository: ["schema", "records", "indexes", "aggregates"],
  migration: ["lifecycle"],
  global: ["migration"],
  trail: ["lifecycle"],
  "database.ts": ["tenant-handle.ts"],
  "open.ts": ["database.ts", "open-options.ts"],
  http: ["database.ts", "tenant-handle.ts"],
  testing: ["open.ts", "open-options.ts", "database.ts", "tenant-handle.ts"],
  cli: ["open.ts", "database.ts"],
  "index.ts": ["open.ts", "open-options.ts", "database.ts", "tenant-handle.ts"],
};

/** Sub-rooms with a door of their own: what `tenantry/testing` publishes and `tenantry/engine` does not. */
const doors = ["access/identity/index.ts", "engine/faults/index.ts"];

/** Entry points: nothing inside `lib` imports them. */
const entries = ["index.ts", "access/index.ts", "engine/index.ts", "http/index.ts", "testing/index.ts"];

interface SourceFile {
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly lines: number;
  readonly imports: readonly { readonly path: string; readonly typeOnly: boolean }[];
  readonly packages: readonly string[];
}

const importPattern =
  /(?:^|\n)\s*(import|export)\s+(type\s+)?(?:[^;"']*?\sfrom\s+)?"([^"]+)"|import\(\s*"([^"]+)"\s*\)/g;

function readSource(path: string): SourceFile {
  const text = readFileSync(join(lib, path), "utf8");
  const code = text.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ""));
  const imports: { path: string; typeOnly: boolean }[] = [];
  const packages: string[] = [];
  for (const match of code.matchAll(importPattern)) {
    const target = match[3] ?? match[4] ?? "";
    if (target.startsWith(".")) {
      const file = relative(lib, resolve(lib, dirname(path), target)).replace(/\.js$/, ".ts");
      imports.push({ path: file, typeOnly: match[2] !== undefined });
    } else packages.push(target);
  }
  return { path, room: path.split("/")[0] ?? path, text, lines: text.split("\n").length - 1, imports, packages };
}

const files = readdirSync(lib, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .sort()
  .map(readSource);
const byPath = new Map(files.map((file) => [file.path, file]));

/** The folder a file lies in that outsiders enter by its `index.ts`: a room, or a sub-room such as engine/embedded. */
const roomOf = (path: string): string => path.split("/")[0] ?? path;

describe("rooms", () => {
  test("every room has a level", () => {
    expect([...new Set(files.map((file) => file.room))].filter((room) => !(room in levels))).toEqual([]);
  });

  test("imports go down the levels", () => {
    const upward: string[] = [];
    for (const file of files) {
      for (const { path } of file.imports) {
        const target = roomOf(path);
        if (target === file.room) continue;
        const from = levels[file.room] ?? -1;
        const to = levels[target] ?? Number.POSITIVE_INFINITY;
        if (to < from || arrows[file.room]?.includes(target)) continue;
        upward.push(`${file.path} -> ${path}`);
      }
    }
    expect(upward).toEqual([]);
  });

  test("outsiders enter a room by its index", () => {
    const side: string[] = [];
    for (const file of files) {
      for (const { path } of file.imports) {
        const target = roomOf(path);
        if (target === file.room || !path.includes("/")) continue;
        if (path !== `${target}/index.ts` && !doors.includes(path)) side.push(`${file.path} -> ${path}`);
      }
    }
    expect(side).toEqual([]);
  });

  test("a room has at most 12 files, and none is a drawer", () => {
    const folders = new Map<string, number>();
    for (const file of files) {
      const folder = dirname(file.path);
      folders.set(folder, (folders.get(folder) ?? 0) + 1);
    }
    expect([...folders].filter(([, count]) => count > 12)).toEqual([]);
    expect(files.filter((file) => /(^|\/)(utils?|common|helpers?|types|misc)(\/|\.ts$)/.test(file.path))).toEqual([]);
  });

  test("both engines have their files in parallel", () => {
    const own = (engine: string): string[] =>
      files.filter((file) => dirname(file.path) === `engine/${engine}`).map((file) => file.path.split("/")[2] ?? "");
    for (const shared of ["engine.ts", "transaction.ts"]) {
      expect(own("embedded")).toContain(shared);
      expect(own("foundationdb")).toContain(shared);
    }
  });
});

describe("files", () => {
  test("every import leads to a file", () => {
    const lost = files.flatMap((file) =>
      file.imports.filter(({ path }) => !byPath.has(path)).map(({ path }) => `${file.path} -> ${path}`),
    );
    expect(lost).toEqual([]);
  });

  test("there are no cycles", () => {
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) {
        cycles.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
        return;
      }
      if (done.has(path)) return;
      for (const next of byPath.get(path)?.imports ?? []) {
        if (!next.typeOnly) visit(next.path, [...trail, path]);
      }
      done.add(path);
    };
    for (const file of files) visit(file.path, []);
    expect(cycles).toEqual([]);
  });

  test("none is dead", () => {
    const reached = new Set<string>(entries);
    const queue = [...entries];
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      for (const next of byPath.get(path)?.imports ?? []) {
        if (!reached.has(next.path)) {
          reached.add(next.path);
          queue.push(next.path);
        }
      }
    }
    expect(files.map((file) => file.path).filter((path) => !reached.has(path))).toEqual([]);
  });

  test("they are small", () => {
    expect(files.filter((file) => file.lines > 350).map((file) => `${file.path} ${file.lines}`)).toEqual([]);
    const large = files.filter((file) => file.lines > 250);
    expect(large.length / files.length).toBeLessThanOrEqual(0.1);
    const sizes = files.map((file) => file.lines).sort((a, b) => a - b);
    expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThanOrEqual(120);
  });

  test("each is named for a noun in kebab case and opens with what belongs there", () => {
    expect(files.filter((file) => !/^([a-z0-9-]+\/)*[a-z][a-z0-9-]*\.ts$/.test(file.path)).map((f) => f.path)).toEqual(
      [],
    );
    expect(files.filter((file) => !/^\/\*\*\s*\S/.test(file.text)).map((f) => f.path)).toEqual([]);
  });

  test("nothing is left for later, and no index exports everything", () => {
    const unfinished = /\b(TODO|FIXME|XXX|HACK)\b|not (yet )?implemented/i;
    expect(files.filter((file) => unfinished.test(file.text)).map((f) => f.path)).toEqual([]);
    expect(files.filter((file) => /export \* from/.test(file.text)).map((f) => f.path)).toEqual([]);
  });
});

describe("who may name what", () => {
  const naming = (pattern: RegExp, allowed: (file: SourceFile) => boolean): string[] =>
    files.filter((file) => pattern.test(file.text) && !allowed(file)).map((file) => file.path);

  test("only engine, transaction and testing know an EngineTransaction", () => {
    const rooms = ["engine", "transaction", "testing"];
    expect(naming(/\bEngineTransaction\b/, (file) => rooms.includes(file.room))).toEqual([]);
  });

  test("only level 6 and the composition root know a SystemTransaction", () => {
    const rooms = [
      "transaction",
      "lifecycle",
      "trail",
      "migration",
      "placement",
      "backup",
      "privacy",
      "open.ts",
      "testing",
    ];
    expect(naming(/\bSystemTransaction\b/, (file) => rooms.includes(file.room))).toEqual([]);
  });

  test("signals are asked and heard by what all signals inherit", () => {
    const asked = /\bsignal\??\.(aborted|reason|onabort|throwIfAborted|addEventListener|removeEventListener)\b/;
    // Of a lease the signal is the library's own, and the line a comment.
    const own = ["intrinsics/signals.ts", "quota/connection/lease.ts"];
    expect(naming(asked, (file) => own.includes(file.path) || file.room === "testing")).toEqual([]);
  });

  test("native packages are imported by their engine alone", () => {
    const native: Readonly<Record<string, string>> = { lmdb: "engine/embedded", foundationdb: "engine/foundationdb" };
    const stray = files.flatMap((file) =>
      file.packages
        .filter((name) => name in native && !file.path.startsWith(`${native[name]}/`))
        .map((name) => `${file.path} -> ${name}`),
    );
    expect(stray).toEqual([]);
  });

  test("the engine for FoundationDB is loaded only when opened", () => {
    const eager = files
      .filter((file) => !file.path.startsWith("engine/foundationdb/"))
      .filter((file) => /(?:^|\n)import (?!type)[^;]*from "(?:\.\.?\/)+(?:engine\/)?foundationdb\//.test(file.text));
    expect(eager.map((file) => file.path)).toEqual([]);
  });

  test("jose is not loaded but by who imports tenantry/access", () => {
    const loaded = (entry: string, found = new Set<string>()): ReadonlySet<string> => {
      if (found.has(entry)) return found;
      found.add(entry);
      for (const { path, typeOnly } of byPath.get(entry)?.imports ?? []) if (!typeOnly) loaded(path, found);
      return found;
    };
    const asks = (entry: string): string[] =>
      [...loaded(entry)].filter((path) => byPath.get(path)?.packages.some((name) => name === "jose"));
    expect(entries.filter((entry) => asks(entry).length > 0)).toEqual(["access/index.ts"]);
  });

  test("no file has top-level await", () => {
    expect(files.filter((file) => /\n(?:const [^\n]+ = )?await /.test(file.text)).map((file) => file.path)).toEqual([]);
  });
});
