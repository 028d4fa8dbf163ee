/** Soaks: each leads to specs that are there, and no entry of the record is of a soak that is not. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { readRecord } from "./record.js";
import { soaks } from "./soaks.js";

const root = resolve(import.meta.dirname, "../..");
const record = readRecord();

test.each(Object.entries(soaks))("%s says what it shows, and its specs exist", (_, { shows, specs, runs }) => {
  expect(shows).toMatch(/^[A-Z].*\.$/);
  expect(runs).toBeGreaterThan(0);
  expect(specs.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test("each entry of docs/soak.json is of a soak there is", () => {
  expect(Object.keys(record).filter((name) => !(name in soaks))).toEqual([]);
});

test.each(Object.entries(soaks).filter(([, { demanded }]) => demanded))(
  "%s was run, and ended well",
  (name, { runs }) => {
    const entry = record[name];
    expect(entry).toMatchObject({ outcome: "green", failed: 0 });
    expect(entry?.runs).toBeGreaterThanOrEqual(runs);
  },
);
