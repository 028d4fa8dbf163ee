/** What a case plays on: the engine under test, keys below the suite's prefix, and the checks cases are made of. */
import { deepEqual, equal, fail, notEqual, ok } from "node:assert/strict";
import {
  type Engine,
  EngineError,
  type EngineTransaction,
  type KeySelector,
  type RangeOptions,
} from "../../engine/index.js";

export { deepEqual, equal, fail, notEqual, ok };

/** UTF-8 bytes of a text, or bytes as they are. */
export const bytes = (text: string | readonly number[] | Uint8Array): Uint8Array =>
  typeof text === "string" ? new TextEncoder().encode(text) : Uint8Array.from(text);

/** A text of Latin-1 characters, one for each byte: how cases compare bytes. */
export const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value).toString("latin1");

const attemptsMax = 20;

// Retryable errors a healthy cluster may give at any time, which are no case's business.
const passing: readonly number[] = [1007, 1009, 1020, 1021, 1037];

export class Stage {
  readonly engine: Engine;
  readonly prefix: Uint8Array;
  /** Opens another of the engine under test. */
  readonly open: () => Promise<Engine>;

  constructor(engine: Engine, prefix: Uint8Array, open: () => Promise<Engine>) {
    this.engine = engine;
    this.prefix = prefix;
    this.open = open;
  }

  begin(): EngineTransaction {
    return this.engine.begin();
  }

  key(suffix: string | readonly number[]): Uint8Array {
    return Uint8Array.from([...this.prefix, ...bytes(suffix)]);
  }

  /** A key without the prefix, as text; what lies outside the prefix in full. */
  name(key: Uint8Array): string {
    const inside = Buffer.compare(key.subarray(0, this.prefix.length), this.prefix) === 0;
    return text(inside ? key.subarray(this.prefix.length) : key) ?? "";
  }

  /** The end of the suite's keys: no key of it comes after. */
  get end(): Uint8Array {
    return this.key([0xff]);
  }

  /** The first key at or after `suffix`, and `offset` keys on. */
  at(suffix: string | readonly number[], offset = 0): KeySelector {
    return { key: this.key(suffix), orEqual: false, offset: 1 + offset };
  }

  /** Runs `work` in a transaction and commits it, again after a passing error. */
  async transact<T>(work: (transaction: EngineTransaction) => Promise<T> | T): Promise<T> {
    const transaction = this.begin();
    for (let attempt = 1; ; attempt += 1) {
      try {
        const result = await work(transaction);
        await transaction.commit();
        return result;
      } catch (error) {
        if (attempt === attemptsMax || !(error instanceof EngineError) || !passing.includes(error.fdbCode)) throw error;
        await transaction.onError(error);
      }
    }
  }

  async put(rows: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
    await this.transact((transaction) => {
      for (const [suffix, value] of Object.entries(rows)) transaction.set(this.key(suffix), bytes(value));
    });
  }

  async clear(): Promise<void> {
    await this.transact((transaction) => transaction.clearRange(this.prefix, this.end));
  }

  async value(suffix: string | readonly number[]): Promise<string | undefined> {
    return this.transact(async (transaction) => text(await transaction.get(this.key(suffix))));
  }

  /** All rows of `[begin, end)` in `transaction`, batch by batch until there are no more. */
  async rows(
    transaction: EngineTransaction,
    begin: string | readonly number[] = "",
    end: string | readonly number[] = [0xff],
    options: RangeOptions = {},
  ): Promise<[string, string][]> {
    const rows: [string, string][] = [];
    let from = this.at(begin);
    let to = this.at(end);
    for (let iteration = 1; ; iteration += 1) {
      const batch = await transaction.getRange(from, to, { ...options, iteration });
      for (const [key, value] of batch.rows) rows.push([this.name(key), text(value) ?? ""]);
      const last = batch.rows.at(-1)?.[0];
      if (!batch.more || last === undefined) return rows;
      if (options.reverse === true) to = { key: last, orEqual: false, offset: 1 };
      else from = { key: last, orEqual: true, offset: 1 };
    }
  }

  /** All rows of the suite, as a new transaction sees them. */
  dump(): Promise<[string, string][]> {
    return this.transact((transaction) => this.rows(transaction));
  }
}

/** Checks that `work` fails with FoundationDB's error `fdbCode`, whether it throws or rejects. */
export async function rejects(work: Promise<unknown> | (() => unknown), ...fdbCodes: readonly number[]): Promise<void> {
  let outcome: unknown;
  try {
    outcome = await (typeof work === "function" ? work() : work);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    ok(fdbCodes.includes(error.fdbCode), `expected the error ${fdbCodes.join(" or ")}, got ${error.fdbCode}`);
    return;
  }
  fail(`expected the error ${fdbCodes.join(" or ")}, got ${String(outcome)}`);
}

/** The outcome of a commit: `ok`, or FoundationDB's error code. */
export async function outcome(work: Promise<unknown>): Promise<"ok" | number> {
  try {
    await work;
    return "ok";
  } catch (error) {
    if (error instanceof EngineError) return error.fdbCode;
    throw error;
  }
}

/** Waits until `done` gives true, for at most `withinMs`. */
export async function within(withinMs: number, done: () => boolean): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (!done() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
  return done();
}
