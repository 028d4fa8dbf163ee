/** The threat model's last column: every spec it names is there. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { noticedBy } from "./breakage.js";

const root = resolve(import.meta.dirname, "../..");
const text = readFileSync(join(root, "docs/design/threat-model.md"), "utf8");

test("each way out names the specs that hold it closed, and they exist", () => {
  const [ways = ""] = text.split("## How sure this is");
  const rows = ways.split("\n").filter((line) => /^\| \*\*/.test(line) || /^\| [^|]*`__proto__`/.test(line));
  expect(rows.length).toBeGreaterThan(30);
  for (const row of rows) {
    const held = row.split("|").at(-2) ?? "";
    const specs = [...held.matchAll(/`([a-z-]+(?:\/[a-z*-]+)*)`/g)].map(([, name]) => name ?? "");
    expect(specs.length, row).toBeGreaterThan(0);
    for (const name of specs) {
      const found = name.endsWith("*")
        ? existsSync(join(root, "spec", name.slice(0, -2)))
        : ["", ".spec"].some((suffix) => existsSync(join(root, "spec", `${name}${suffix}.ts`)));
      expect(found, name).toBe(true);
    }
  }
});

test("it counts the breakages as they are", () => {
  const words: Readonly<Record<string, number>> = {
    twenty: 20,
    "twenty-one": 21,
    "twenty-two": 22,
    "twenty-three": 23,
    "twenty-four": 24,
    "twenty-five": 25,
    "twenty-six": 26,
  };
  const [, word = ""] = /breaks the library in ([\w-]+) ways/.exec(text) ?? [];
  expect(words[word]).toBe(Object.keys(noticedBy).length);
});
