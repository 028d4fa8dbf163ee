/** Stores as text: a JSON object a line, the key and the value of a row in hexadecimal. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "../../lib/engine/index.js";

const folder = join(import.meta.dirname, "../fixtures/stores");

const bound = (key: Uint8Array) => ({ key, orEqual: false, offset: 1 });
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** All rows of an engine, as the lines of a file. */
export async function rowsOf(engine: Engine): Promise<string> {
  const { rows, more } = await engine.begin().getRange(bound(new Uint8Array()), bound(Uint8Array.of(0xff)));
  if (more) throw new Error("too many rows for a fixture");
  return rows.map(([key, value]) => `${JSON.stringify({ key: hex(key), value: hex(value) })}\n`).join("");
}

/** Puts the rows of a file into an engine. */
export async function restore(engine: Engine, file: string): Promise<void> {
  const transaction = engine.begin();
  for (const line of readFileSync(join(folder, file), "utf8").trimEnd().split("\n")) {
    const { key, value } = JSON.parse(line) as { readonly key: string; readonly value: string };
    transaction.set(Buffer.from(key, "hex"), Buffer.from(value, "hex"));
  }
  await transaction.commit();
}
