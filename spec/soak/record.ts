/** The record of soaks: docs/soak.json, with the last run of each. */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";

/** The last run of a soak. */
export const entrySchema = z.strictObject({
  outcome: z.enum(["green", "red"]),
  commit: z.string().regex(/^[0-9a-f]{40}$/),
  date: z.iso.date(),
  seed: z.int().min(0),
  /** Asked of each property and loop. */
  runs: z.int().min(1),
  /** Tests that passed, and that did not. */
  passed: z.int().min(0),
  failed: z.int().min(0),
  /** Cases that properties tried, in all. */
  tried: z.int().min(0),
  seconds: z.int().min(0),
  node: z.string(),
  cores: z.int().min(1),
});

export type SoakEntry = z.infer<typeof entrySchema>;

const recordSchema = z.record(z.string(), entrySchema);

const path = resolve(import.meta.dirname, "../../docs/soak.json");

/** All entries, by the names of their soaks. */
export const readRecord = (): Readonly<Record<string, SoakEntry>> =>
  recordSchema.parse(JSON.parse(readFileSync(path, "utf8")));

/** Puts an entry in place of the one before. */
export function writeEntry(name: string, entry: SoakEntry): void {
  const entries = Object.entries({ ...readRecord(), [name]: entry }).sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(path, `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`);
}
