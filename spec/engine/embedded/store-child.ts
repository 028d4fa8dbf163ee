/** A process of its own for specs: opens the embedded engine and does what its arguments say, a line per step. */
import { writeSync } from "node:fs";
import { compactStore, embedded, openEngine } from "../../../lib/engine/index.js";

const [, , task = "", path = "", option = ""] = process.argv;

/** Written at once: a line that is out when the process is killed has been acknowledged. */
const say = (line: string): void => void writeSync(1, `${line}\n`);
const at = (text: string): Uint8Array => Buffer.from(text);

/** Commits for ever: each puts two rows that must appear together, and says so once acknowledged. */
async function acknowledge(): Promise<void> {
  const engine = await openEngine(embedded(path));
  const first = Number(option);
  const worker = async (lane: number): Promise<never> => {
    for (let n = first; ; n++) {
      const transaction = engine.begin();
      const value = Buffer.alloc(20 + ((n * 37) % 900), `${lane}/${n}`);
      transaction.set(at(`a/${lane}/${n}`), value);
      transaction.set(at(`b/${lane}/${n}`), value);
      if (n % 7 === 0) transaction.clearRange(at(`c/${lane}/`), at(`c/${lane}0`));
      else transaction.set(at(`c/${lane}/${n}`), value);
      await transaction.commit();
      say(`${lane}/${n}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, lane) => worker(lane)));
}

/** As `acknowledge`, and compacts all the while. */
async function compacting(): Promise<never> {
  await openEngine(embedded(path));
  const commits = acknowledge();
  for (;;) await Promise.race([compactStore(path), commits]);
}

/** Commits `option` times in a row, and says how each ended. */
async function commit(): Promise<void> {
  const engine = await openEngine(embedded(path));
  say("open");
  for (let n = 0; n < Number(option); n++) {
    const transaction = engine.begin();
    transaction.set(at(`k${n}`), Buffer.alloc(5_000, n));
    try {
      await transaction.commit();
      say(`acknowledged ${n}`);
    } catch (error) {
      const { code, fdbCode } = error as { code?: string; fdbCode?: number };
      say(`refused ${n} ${fdbCode ?? code}`);
    }
  }
  await engine.close();
  say("closed");
}

/** Opens, says whether it could, and holds the store until it is told to go, or killed. */
async function hold(): Promise<void> {
  try {
    const engine = await openEngine(embedded({ path, lockTimeout: Number(option) }));
    say("open");
    await new Promise((resolve) => process.stdin.once("data", resolve).once("end", resolve));
    await engine.close();
    say("closed");
    process.stdin.destroy();
  } catch (error) {
    const { code, details } = error as { code?: string; details?: unknown };
    say(JSON.stringify({ code, details }));
  }
}

const tasks: Readonly<Record<string, () => Promise<void>>> = { acknowledge, compacting, commit, hold };
await tasks[task]?.();
