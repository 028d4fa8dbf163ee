/** One round of the kill -9 test: a child commits and says so, is killed, and the store is opened and looked at. */
import { expect } from "vitest";
import { embedded, openEngine } from "../../../lib/engine/index.js";
import { startChild } from "./child-process.js";

const lanes = 8;

const rowsOf = async (path: string, prefix: string): Promise<Map<string, string>> => {
  const engine = await openEngine(embedded({ path, verify: "full" }));
  try {
    const rows = new Map<string, string>();
    let begin = { key: Buffer.from(prefix), orEqual: false, offset: 1 };
    const end = { key: Buffer.from(`${prefix.slice(0, -1)}0`), orEqual: false, offset: 1 };
    const transaction = engine.begin();
    for (;;) {
      const batch = await transaction.getRange(begin, end);
      for (const [key, value] of batch.rows)
        rows.set(Buffer.from(key).toString().slice(2), Buffer.from(value).toString());
      const last = batch.rows.at(-1);
      if (!batch.more || last === undefined) return rows;
      begin = { key: Buffer.from(last[0]), orEqual: true, offset: 1 };
    }
  } finally {
    await engine.close();
  }
};

/**
 * Lets a child commit, and do what its task says besides, from number `first` on in each of its lanes, kills it, and checks that nothing acknowledged is
 * missing and nothing is there in part. Gives the number the next round begins at.
 */
export async function killRound(
  path: string,
  first: number,
  task: "acknowledge" | "compacting" = "acknowledge",
): Promise<{ next: number; acknowledged: number }> {
  const child = startChild(task, path, first);
  await child.next();
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 120));
  child.process.kill("SIGKILL");
  await child.ended;
  const [a, b] = [await rowsOf(path, "a/"), await rowsOf(path, "b/")];
  for (const name of child.lines) expect(a.has(name), `${name} was acknowledged`).toBe(true);
  expect(b).toEqual(a);
  let next = first;
  for (let lane = 0; lane < lanes; lane++) {
    const numbers = [...a.keys()].filter((name) => name.startsWith(`${lane}/`)).map((name) => Number(name.slice(2)));
    next = Math.max(next, ...numbers.map((n) => n + 1));
    for (const n of numbers) expect(a.get(`${lane}/${n}`)?.startsWith(`${lane}/${n}`)).toBe(true);
  }
  return { next, acknowledged: child.lines.length };
}
