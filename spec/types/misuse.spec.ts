/** Misuse does not compile: the compiler takes the page of misuse only while each line of it is an error. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "tenantry-misuse-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("each line of misuse is an error of the compiler", () => {
  const config = join(folder, "tsconfig.json");
  const types = { typeRoots: [join(root, "node_modules/@types")] };
  const include = [join(root, "spec/types/misuse.ts")];
  writeFileSync(config, JSON.stringify({ extends: join(root, "tsconfig.json"), compilerOptions: types, include }));
  const { status, stdout } = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", config], { encoding: "utf8" });
  expect(stdout.replaceAll(/^.*(?<!misuse\.ts\(.*)$\n?/gm, "")).toBe("");
  expect(stdout.split("\n").filter((line) => line.includes("misuse.ts"))).toEqual([]);
  expect(status === 0 || !stdout.includes("misuse.ts")).toBe(true);
});
