/** A workload of concurrent transactions that append to lists and replace registers, and what each of them saw. */
import type { Engine, EngineTransaction } from "../../lib/engine/engine.js";
import { EngineError } from "../../lib/engine/error.js";
import type { Observation, ObservedTransaction } from "./serialisability.js";

export interface WorkloadOptions {
  /** Transactions that run at the same time. */
  readonly clients: number;
  /** Transactions of each client, retries included. */
  readonly transactions: number;
  readonly keys: number;
  readonly seed: number;
}

/** A small generator of numbers in [0, 1), the same ones for the same seed (mulberry32). */
const randomFrom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const encode = (value: number): Uint8Array => Uint8Array.of(value >> 24, value >> 16, value >> 8, value);
const decode = (bytes: Uint8Array): number[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(4 * i));
};
const keyBytes = (key: string): Uint8Array => Uint8Array.from(Buffer.from(`workload/${key}`));
const unknownCodes: ReadonlySet<number> = new Set([1021, 1039, 1031, 1025]);

/** Runs the workload; at the end one more transaction reads all of it. */
export const runWorkload = async (engine: Engine, options: WorkloadOptions): Promise<ObservedTransaction[]> => {
  const random = randomFrom(options.seed);
  const below = (count: number): number => Math.floor(random() * count);
  const observed: ObservedTransaction[] = [];
  let nextValue = 1;
  let nextId = 0;

  const readList = async (transaction: EngineTransaction, key: string): Promise<number[]> => {
    const bytes = keyBytes(key);
    if (random() < 0.5) return decode((await transaction.get(bytes)) ?? new Uint8Array(0));
    const begin = { key: bytes, orEqual: false, offset: 1 };
    const { rows } = await transaction.getRange(begin, { key: bytes, orEqual: true, offset: 1 });
    return decode(rows[0]?.[1] ?? new Uint8Array(0));
  };

  const step = async (transaction: EngineTransaction): Promise<Observation[]> => {
    const list = `list${below(options.keys)}`;
    const register = `register${below(options.keys)}`;
    const wanted = below(5);
    if (wanted === 0) return [{ type: "read", key: list, values: await readList(transaction, list) }];
    if (wanted === 1) {
      const value = nextValue++;
      transaction.atomic("appendIfFits", keyBytes(list), encode(value));
      return [{ type: "append", key: list, value }];
    }
    if (wanted === 2) {
      const values = await readList(transaction, list);
      const value = nextValue++;
      transaction.set(keyBytes(list), Uint8Array.from([...values, value].flatMap((one) => [...encode(one)])));
      return [
        { type: "read", key: list, values },
        { type: "append", key: list, value },
      ];
    }
    const seen = await transaction.get(keyBytes(register));
    const [value] = seen === undefined ? [] : decode(seen);
    if (wanted === 3) return [{ type: "look", key: register, value }];
    const wrote = nextValue++;
    transaction.set(keyBytes(register), encode(wrote));
    return [{ type: "replace", key: register, read: value, wrote }];
  };

  const attempt = async (transaction: EngineTransaction, steps: number): Promise<void> => {
    const observations: Observation[] = [];
    const began = performance.now();
    let outcome: ObservedTransaction["outcome"] = "committed";
    try {
      for (let i = 0; i < steps; i++) {
        observations.push(...(await step(transaction)));
        if (random() < 0.5) await new Promise<void>((resolve) => setImmediate(resolve));
      }
      await transaction.commit();
      transaction.reset();
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      outcome = unknownCodes.has(error.fdbCode) ? "unknown" : "aborted";
      transaction.reset();
    }
    observed.push({ id: `t${nextId++}`, began, ended: performance.now(), outcome, observations });
  };

  const client = async (): Promise<void> => {
    const transaction = engine.begin();
    for (let i = 0; i < options.transactions; i++) await attempt(transaction, 1 + below(4));
  };
  await Promise.all(Array.from({ length: options.clients }, client));
  await readEverything(engine, options.keys, observed);
  return observed;
};

const readEverything = async (engine: Engine, keys: number, observed: ObservedTransaction[]): Promise<void> => {
  const transaction = engine.begin();
  const began = performance.now();
  const observations: Observation[] = [];
  for (let i = 0; i < keys; i++) {
    const values = decode((await transaction.get(keyBytes(`list${i}`))) ?? new Uint8Array(0));
    observations.push({ type: "read", key: `list${i}`, values });
    const seen = await transaction.get(keyBytes(`register${i}`));
    observations.push({ type: "look", key: `register${i}`, value: seen === undefined ? undefined : decode(seen)[0] });
  }
  await transaction.commit();
  observed.push({ id: "last", began, ended: performance.now(), outcome: "committed", observations });
};
