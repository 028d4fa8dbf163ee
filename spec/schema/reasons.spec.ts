/** Every reason for which an entity cannot be defined has words, in the message and on the page. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { definitionReasons } from "../../lib/errors/told/definition-reasons.js";

const root = resolve(import.meta.dirname, "../..");
const schema = join(root, "lib/schema");

const source = readdirSync(schema, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts") && !/key-field|record-model|index-model/.test(path))
  .map((path) => readFileSync(join(schema, path), "utf8"))
  .join("\n");
const given = new Set([...source.matchAll(/refuse\((?:[^()]*\?\s*)?"(\w+)"/g)].map((match) => match[1] ?? ""));

test("the message knows each reason, and no other", () => {
  expect(given.size).toBeGreaterThan(30);
  expect([...given].filter((reason) => !definitionReasons.has(reason))).toEqual([]);
});

test("the page lists each reason that the message knows", () => {
  const page = readFileSync(join(root, "docs/reference/schema.md"), "utf8");
  expect([...definitionReasons.keys()].filter((reason) => !page.includes(`\`${reason}\``))).toEqual([]);
});
