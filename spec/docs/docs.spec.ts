/**
 * The README, the docs and the doc comments say what is so: their code compiles and runs, their commands exist.
 * Left out of the quick run.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exampleOf, exportsOf, pageCommands, pagePrograms, pages, root, writePrograms } from "./fences.js";

const entries = [
  "lib/index.ts",
  "lib/access/index.ts",
  "lib/engine/index.ts",
  "lib/http/index.ts",
  "lib/testing/index.ts",
];

/** What the compiler says of the modules in a generated folder. */
function compile(folder: string): string {
  try {
    const project = join(root, "spec/docs/.generated", folder, "tsconfig.json");
    execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", project, "--noEmit"], {
      encoding: "utf8",
      stdio: "pipe",
    });
    return "";
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return stdout + stderr;
  }
}

describe("pages", () => {
  const programs = pages().flatMap(pagePrograms);
  const paths = writePrograms("pages", programs);
  const home = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), "tenantry-docs-"));

  beforeAll(() => process.chdir(folder));
  afterAll(() => {
    process.chdir(home);
    rmSync(folder, { recursive: true, force: true });
  });

  test("their code compiles", () => {
    expect(compile("pages")).toBe("");
  });

  test.each(programs.map((program, index) => [program.place, paths[index] ?? ""]))("%s runs", async (_place, path) => {
    await import(path);
  });

  test("their commands exist", () => {
    const scripts: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts;
    for (const command of pages().flatMap(pageCommands)) {
      for (const [, script] of command.matchAll(/npm run (?:-s )?([\w:-]+)/g))
        expect(scripts).toHaveProperty([script ?? ""]);
    }
  });

  test("their links lead somewhere", () => {
    const lost: string[] = [];
    for (const page of pages()) {
      const text = readFileSync(join(root, page), "utf8");
      for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        const [path = "", anchor] = target.split("#");
        if (/^[a-z]+:/.test(target)) continue;
        const file = path === "" ? page : join(dirname(page), path);
        if (!existsSync(join(root, file))) lost.push(`${page} -> ${target}`);
        else if (anchor !== undefined && !anchorsOf(file).has(anchor)) lost.push(`${page} -> ${target}`);
      }
    }
    expect(lost).toEqual([]);
  });
});

function anchorsOf(page: string): Set<string> {
  const headings = readFileSync(join(root, page), "utf8").matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, title = ""]) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .trim()
        .replace(/\s/g, "-"),
    ),
  );
}

describe("doc comments", () => {
  const exported = entries.flatMap(exportsOf);

  test("every export has one, with an example", () => {
    const bare = exported.filter((item) => exampleOf(item) === undefined);
    expect(bare.map((item) => `${item.entry} ${item.name} (${item.file})`)).toEqual([]);
  });

  test("the examples compile", () => {
    const programs = exported.flatMap((item) => exampleOf(item) ?? []);
    writePrograms("examples", programs);
    expect(compile("examples")).toBe("");
  });
});

describe("errors", () => {
  test("every code has a heading in the reference, and every heading a code", async () => {
    const { catalogue } = await import("../../lib/errors/index.js");
    const text = readFileSync(join(root, "docs/reference/errors.md"), "utf8");
    const headings = [...text.matchAll(/^### `?([A-Z_]+)`?$/gm)].map(([, code]) => code);
    expect(headings.sort()).toEqual(Object.keys(catalogue).sort());
  });
});

describe("limits", () => {
  test("every bound stands in the reference with its value, and no other does", async () => {
    const limits: Readonly<Record<string, number>> = await import("../../lib/limits/index.js");
    const text = readFileSync(join(root, "docs/reference/limits.md"), "utf8");
    const stated = [...text.matchAll(/^\| `(\w+)` *\| ([\d,]+)/gm)].map(([, name, value = ""]) => [
      name,
      Number(value.replaceAll(",", "")),
    ]);
    expect(Object.fromEntries(stated)).toEqual({ ...limits });
    expect(new Set(stated.map(([name]) => name)).size).toBe(stated.length);
  });
});
