/**
 * The examples of testing run, each with its own test runner and against the package as it is built.
 * Left out of the quick run.
 */
import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const bin = (name: string): string => join(root, "node_modules", name);
let folder = "";

/** A user's project: the package in its `node_modules`, and the examples as its tests. */
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "tenantry-examples-")));
  mkdirSync(join(folder, "node_modules"));
  for (const name of ["zod", "fast-check", "vitest"]) symlinkSync(bin(name), join(folder, "node_modules", name));
  const dist = join(folder, "node_modules/tenantry/dist");
  const entries = ["index.ts", "engine/index.ts", "testing/index.ts"].map((path) => join(root, "lib", path));
  const options = [
    "--bundle",
    "--splitting",
    "--platform=node",
    "--target=node20",
    "--format=esm",
    "--packages=external",
  ];
  execFileSync(bin(".bin/esbuild"), [
    ...entries,
    ...options,
    `--outdir=${dist}`,
    `--outbase=${join(root, "lib")}`,
    "--log-level=warning",
  ]);
  cpSync(join(root, "package.json"), join(folder, "node_modules/tenantry/package.json"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules/tenantry/node_modules"));
  cpSync(join(root, "examples/testing"), folder, { recursive: true });
  // The same file twice: its workers run side by side, each with an engine of its own.
  for (const name of ["vitest", "jest"]) cpSync(join(folder, `city.${name}.js`), join(folder, `town.${name}.js`));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a test runner as a user would, and gives what it printed. */
function run(args: readonly string[]): { readonly status: number | null; readonly printed: string } {
  // What tells this process that it is Vitest must not tell the others.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_ENV|TEST|NODE_OPTIONS)/.test(name)),
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8", env });
  return { status, printed: `${stdout}\n${stderr}` };
}

describe("the tests of the examples pass", () => {
  test("with Jest, in parallel workers", () => {
    const config = {
      testMatch: ["**/*.jest.js"],
      testEnvironment: "node",
      transform: {},
      haste: { enableSymlinks: true },
      watchman: false,
      testPathIgnorePatterns: [],
      modulePathIgnorePatterns: [],
    };
    const jest = bin("jest/bin/jest.js");
    const { status, printed } = run([
      "--experimental-vm-modules",
      "--no-warnings",
      jest,
      "--ci",
      "--rootDir",
      folder,
      "--config",
      JSON.stringify(config),
      "--maxWorkers=2",
    ]);
    expect(printed).toMatch(/Tests: +16 passed/);
    expect(status).toBe(0);
  });

  test("with Vitest, in parallel workers", () => {
    writeFileSync(
      join(folder, "vitest.config.js"),
      'export default { test: { include: ["*.vitest.js"], exclude: [] } };',
    );
    const { status, printed } = run([bin("vitest/vitest.mjs"), "run", "--root", folder, "--maxWorkers=2"]);
    expect(printed).toMatch(/Tests.*16 passed/);
    expect(status).toBe(0);
  });

  test("with node:test", () => {
    const { status, printed } = run(["--test", "city.node.js"]);
    expect(printed).toMatch(/pass 8/);
    expect(status).toBe(0);
  });
});

test("the guide shows these files", () => {
  const guide = readFileSync(join(root, "docs/guides/testing.md"), "utf8");
  const shown = [...guide.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code ?? "");
  const files = ["jest", "vitest", "node"].map((name) =>
    readFileSync(join(root, `examples/testing/city.${name}.js`), "utf8"),
  );
  expect(shown.length).toBeGreaterThan(3);
  for (const code of shown)
    expect(
      files.some((text) => text.includes(code)),
      code,
    ).toBe(true);
});

test("without fast-check the laws say what to install", () => {
  const without = `
    import { register } from "node:module";
    register("data:text/javascript," + encodeURIComponent(\`
      export const resolve = (name, context, next) => {
        if (name === "fast-check") throw Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
        return next(name, context);
      };\`));
    const { isolationCases } = await import("tenantry/testing");
    const { City } = await import("./city.js");
    const [law] = isolationCases({ entities: [City] });
    await law.run().catch((error) => console.log(error.code, error.details.package));
  `;
  writeFileSync(join(folder, "without.js"), without);
  expect(run(["without.js"]).printed).toContain("TEST_PEER_MISSING fast-check");
});
