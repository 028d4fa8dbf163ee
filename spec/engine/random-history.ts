/** Random histories of several interleaved transactions, run on an engine and held against the naive model. */
import * as fc from "fast-check";
import { type AtomicOp, combiningOps } from "../../lib/engine/atomic-op.js";
import type { Engine, EngineTransaction, KeySelector } from "../../lib/engine/engine.js";
import { EngineError } from "../../lib/engine/error.js";
import { type Action, type Answer, type ModelRow, type ModelSelector, NaiveModel } from "./naive-model.js";

/** A step of a history: which transaction does what. */
export interface HistoryStep {
  readonly tx: number;
  readonly action: Action;
}

/** Few keys meet often, many take many shapes. */
const fewKeys = ["a", "a\0", "b", "c"];
const manyKeys = ["", "\0", "\0\0", "\x01", "a", "a\0", "a\x01", "a\xff", "b", "ba", "z", "\xfe", "\xfe\xff"];

const actionOver = (keys: readonly string[], commitWeight: number): fc.Arbitrary<Action> => {
  const key = fc.constantFrom(...keys);
  const value = fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes).toString("hex"));
  const selector: fc.Arbitrary<ModelSelector> = fc.record({
    key: fc.oneof({ weight: 8, arbitrary: key }, { weight: 1, arbitrary: fc.constant("\xff") }),
    orEqual: fc.boolean(),
    offset: fc.oneof(
      { weight: 3, arbitrary: fc.constant(1) },
      { weight: 2, arbitrary: fc.integer({ min: -4, max: 5 }) },
    ),
  });
  const snapshot = fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });
  /** Mostly in order. */
  const pair = fc
    .tuple(key, key, fc.integer({ min: 0, max: 19 }))
    .map(([a, b, flip]) => (a <= b === flip > 0 ? { begin: a, end: b } : { begin: b, end: a }));

  const range = fc
    .record({
      begin: selector,
      end: selector,
      limit: fc.constantFrom(0, 1, 2, 3, 5),
      reverse: fc.boolean(),
      snapshot,
      mode: fc.constantFrom("exact" as const, "small" as const, "wantAll" as const, "iterator" as const),
    })
    .map((fields) => ({
      type: "getRange" as const,
      ...fields,
      // Without any limit there is no exact mode.
      limit: fields.mode === "exact" && fields.limit === 0 ? 1 : fields.limit,
    }));

  return fc.oneof(
    { weight: 6, arbitrary: fc.record({ type: fc.constant("get" as const), key, snapshot }) },
    { weight: 4, arbitrary: fc.record({ type: fc.constant("getKey" as const), selector, snapshot }) },
    { weight: 8, arbitrary: range },
    { weight: 8, arbitrary: fc.record({ type: fc.constant("set" as const), key, value }) },
    { weight: 4, arbitrary: fc.record({ type: fc.constant("clear" as const), key }) },
    { weight: 3, arbitrary: pair.map((ends) => ({ type: "clearRange" as const, ...ends })) },
    {
      weight: 6,
      arbitrary: fc.record({
        type: fc.constant("atomic" as const),
        op: fc.constantFrom<string>(...combiningOps),
        key,
        operand: value,
      }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("stampValue" as const), key }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("stampKey" as const), prefix: key }) },
    { weight: 1, arbitrary: pair.map((ends) => ({ type: "readConflict" as const, ...ends })) },
    { weight: 1, arbitrary: pair.map((ends) => ({ type: "writeConflict" as const, ...ends })) },
    { weight: commitWeight, arbitrary: fc.constant({ type: "commit" as const }) },
    { weight: 1, arbitrary: fc.constant({ type: "reset" as const }) },
  );
};

const direct = (one: ModelSelector): ModelSelector => ({ ...one, offset: 1 });

/**
 * FoundationDB counts a key that a pending `compareAndClear` has removed when it steps over keys, and so does the
 * engine; the model does not. Histories with that operation step over none.
 */
const withoutSteps = (history: HistoryStep[]): HistoryStep[] =>
  history.map((step) => {
    const { action } = step;
    if (action.type === "getKey") return { ...step, action: { ...action, selector: direct(action.selector) } };
    if (action.type !== "getRange") return step;
    return { ...step, action: { ...action, begin: direct(action.begin), end: direct(action.end) } };
  });

const isCompare = (one: Action): boolean => one.type === "atomic" && one.op === "compareAndClear";
/** Much of a transaction that stamps cannot be read. */
const isStamp = (one: Action): boolean => one.type === "stampKey" || one.type === "stampValue";

const steps = (actions: fc.Arbitrary<Action>): fc.Arbitrary<HistoryStep[]> =>
  fc.array(fc.record({ tx: fc.integer({ min: 0, max: 2 }), action: actions }), {
    minLength: 1,
    maxLength: 60,
    size: "max",
  });

const historyOver = (keys: readonly string[], commitWeight: number): fc.Arbitrary<HistoryStep[]> => {
  const action = actionOver(keys, commitWeight);
  return fc
    .oneof(
      { weight: 3, arbitrary: steps(action.filter((one) => !isCompare(one) && !isStamp(one))) },
      { weight: 1, arbitrary: steps(action.filter((one) => !isCompare(one))) },
      { weight: 1, arbitrary: steps(action.filter((one) => !isStamp(one))) },
      { weight: 1, arbitrary: steps(action) },
    )
    .map((history) => (history.some(({ action }) => isCompare(action)) ? withoutSteps(history) : history));
};

/** Long transactions show their own writes, short ones what each single read conflicts with. */
export const historyArbitrary: fc.Arbitrary<HistoryStep[]> = fc.oneof(
  historyOver(fewKeys, 25),
  historyOver(fewKeys, 6),
  historyOver(manyKeys, 6),
);

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));
const text = (key: Uint8Array): string => Buffer.from(key).toString("latin1");
const fromHex = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const toHex = (value: Uint8Array): string => Buffer.from(value).toString("hex");
const engineSelector = (one: ModelSelector): KeySelector => ({ ...one, key: bytes(one.key) });
const modelRows = (rows: readonly (readonly [Uint8Array, Uint8Array])[]): ModelRow[] =>
  rows.map(([key, value]) => [text(key), toHex(value)]);

const stampRoom = new Uint8Array(10);

const perform = async (transaction: EngineTransaction, action: Action): Promise<Answer> => {
  switch (action.type) {
    case "get": {
      const value = await transaction.get(bytes(action.key), action.snapshot);
      return { value: value === undefined ? undefined : toHex(value) };
    }
    case "getKey":
      return { key: text(await transaction.getKey(engineSelector(action.selector), action.snapshot)) };
    case "getRange": {
      const { begin, end, limit, reverse, snapshot, mode } = action;
      const options = { limit, reverse, snapshot, mode };
      const { rows, more } = await transaction.getRange(engineSelector(begin), engineSelector(end), options);
      return { rows: modelRows(rows), more };
    }
    case "set":
      transaction.set(bytes(action.key), fromHex(action.value));
      break;
    case "clear":
      transaction.clear(bytes(action.key));
      break;
    case "clearRange":
      transaction.clearRange(bytes(action.begin), bytes(action.end));
      break;
    case "atomic":
      transaction.atomic(atomicOp(action.op), bytes(action.key), fromHex(action.operand));
      break;
    case "stampValue":
      transaction.atomic("setVersionstampedValue", bytes(action.key), Uint8Array.from([...stampRoom, 0, 0, 0, 0]));
      break;
    case "stampKey": {
      const prefix = bytes(action.prefix);
      const stamped = Uint8Array.from([...prefix, ...stampRoom, prefix.length, 0, 0, 0]);
      transaction.atomic("setVersionstampedKey", stamped, Uint8Array.of(0xaa));
      break;
    }
    case "readConflict":
      transaction.addReadConflictRange(bytes(action.begin), bytes(action.end));
      break;
    case "writeConflict":
      transaction.addWriteConflictRange(bytes(action.begin), bytes(action.end));
      break;
    case "reset":
      break;
    case "commit": {
      const stamp = transaction.getVersionstamp();
      await transaction.commit();
      try {
        return { stamp: toHex(await stamp) };
      } catch {
        return { stamp: undefined };
      }
    }
  }
  return { done: true };
};

const atomicOp = (op: string): AtomicOp => {
  for (const one of combiningOps) if (one === op) return one;
  throw new Error(`There is no atomic operation ${op}.`);
};

/** All rows of the users' keys. */
export const readAll = async (engine: Engine): Promise<ModelRow[]> => {
  const transaction = engine.begin();
  const rows: ModelRow[] = [];
  let begin: KeySelector = { key: new Uint8Array(0), orEqual: false, offset: 1 };
  const end: KeySelector = { key: Uint8Array.of(0xff), orEqual: false, offset: 1 };
  for (;;) {
    const batch = await transaction.getRange(begin, end, { mode: "wantAll" });
    rows.push(...modelRows(batch.rows));
    const last = batch.rows.at(-1);
    if (!batch.more || last === undefined) {
      transaction.cancel();
      return rows;
    }
    begin = { key: last[0], orEqual: true, offset: 1 };
  }
};

/** Runs a history on an engine and the model; throws at the first answer that cannot be. */
export const runHistory = async (engine: Engine, history: readonly HistoryStep[]): Promise<void> => {
  const clearing = engine.begin();
  clearing.clearRange(new Uint8Array(0), Uint8Array.of(0xff));
  await clearing.commit();
  const model = new NaiveModel();
  const transactions = [engine.begin(), engine.begin(), engine.begin()];
  for (const [index, { tx, action }] of history.entries()) {
    const transaction = transactions[tx];
    if (transaction === undefined) continue;
    let answer: Answer;
    try {
      // A read that needs no snapshot takes none: the model shall not have to know which.
      if (action.type.startsWith("get")) await transaction.getReadVersion();
      answer = await perform(transaction, action);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      answer = { error: error.fdbCode };
    }
    if (action.type === "commit" || action.type === "reset") transaction.reset();
    try {
      model.step(tx, action, answer);
      if (action.type === "commit") {
        const rows = await readAll(engine);
        if (JSON.stringify(rows) !== JSON.stringify(model.rows)) {
          throw new Error(`the store holds ${JSON.stringify(rows)}, the model ${JSON.stringify(model.rows)}`);
        }
      }
    } catch (error) {
      throw new Error(`step ${index}, ${JSON.stringify(action)} by ${tx}`, { cause: error });
    }
  }
  for (const transaction of transactions) transaction.cancel();
};
