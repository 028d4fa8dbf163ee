/** Operations: what a write reads and does, a step at a time, so that it is done at once where reads wait for nothing. */
import { type RowsOptions, readRows, siblings, visitRows } from "./read/index.js";
import type { KeyReadOptions, ReadTransaction, RelativeRange } from "./read-transaction.js";

/** Keys whose values an operation goes on with. */
class Gets {
  readonly keys: readonly Uint8Array[];
  readonly options: KeyReadOptions | undefined;

  constructor(keys: readonly Uint8Array[], options: KeyReadOptions | undefined) {
    this.keys = keys;
    this.options = options;
  }
}

/** A range whose rows an operation goes on with. */
class Rows {
  readonly range: RelativeRange;
  readonly options: RowsOptions;

  constructor(range: RelativeRange, options: RowsOptions) {
    this.range = range;
    this.options = options;
  }
}

type Values = readonly (Uint8Array | undefined)[];
type Row = readonly [key: Uint8Array, value: Uint8Array];

/** What an operation waits for: values, rows, work of another kind, or some of these together. */
type Step = Gets | Rows | Promise<unknown> | readonly Step[];

/** An operation that comes to a `T`: it stops at each read until it is given what was read. */
export type Operation<T> = Generator<Step, T, unknown>;

/** The values of some keys, read all at once. */
export function* valuesAt(keys: readonly Uint8Array[], options?: KeyReadOptions): Operation<Values> {
  // What it is given is what `perform` and `performAtOnce` read for it.
  return (yield new Gets(keys, options)) as Values;
}

/** The value of one key. */
export function* valueAt(key: Uint8Array, options?: KeyReadOptions): Operation<Uint8Array | undefined> {
  return (yield* valuesAt([key], options))[0];
}

/** The rows that `readRows` gives; at once only where they are read without conflicts. */
export function* rowsOf(range: RelativeRange, options: RowsOptions): Operation<readonly Row[]> {
  return (yield new Rows(range, options)) as readonly Row[];
}

/** What work of another kind comes to; an operation that has to wait for some cannot be done at once. */
export function* resultOf<T>(work: T | Promise<T>): Operation<T> {
  return work instanceof Promise ? ((yield work) as T) : work;
}

/** Performs operations side by side: what each reads next is read together. */
export function* together(operations: readonly Operation<unknown>[]): Operation<void> {
  let running = operations.map((operation) => ({ operation, step: operation.next() }));
  for (;;) {
    const steps: Step[] = [];
    running = running.filter(({ step }) => {
      if (step.done !== true) steps.push(step.value);
      return step.done !== true;
    });
    if (running.length === 0) return;
    const answers = (yield steps) as readonly unknown[];
    running = running.map(({ operation }, at) => ({ operation, step: operation.next(answers[at]) }));
  }
}

async function answered(transaction: ReadTransaction, step: Step): Promise<unknown> {
  if (step instanceof Promise) return step;
  if (step instanceof Rows) return readRows(transaction, step.range, step.options);
  if (!(step instanceof Gets)) return siblings(step.map((each) => answered(transaction, each)));
  const { keys, options } = step;
  const [key] = keys;
  // A tick less than all of one.
  if (keys.length === 1 && key !== undefined) return [await transaction.get(key, options)];
  return siblings(keys.map((each) => transaction.get(each, options)));
}

/** Performs an operation, waiting for what it reads. */
export async function perform<T>(transaction: ReadTransaction, operation: Operation<T>): Promise<T> {
  let step = operation.next();
  while (step.done !== true) {
    let answer: unknown;
    try {
      answer = await answered(transaction, step.value);
    } catch (error) {
      step = operation.throw(error);
      continue;
    }
    step = operation.next(answer);
  }
  return step.value;
}

/** Performs an operation at once; undefined where it has to wait for something. */
export function performAtOnce<T>(
  transaction: ReadTransaction,
  operation: Operation<T>,
): { readonly value: T } | undefined {
  let step = operation.next();
  while (step.done !== true) {
    const answer = answeredAtOnce(transaction, step.value);
    if (answer === undefined) return undefined;
    step = operation.next(answer);
  }
  return step;
}

function answeredAtOnce(transaction: ReadTransaction, step: Step): readonly unknown[] | undefined {
  if (step instanceof Promise) {
    // It is asked for again by whoever performs the operation then.
    step.catch(() => {});
    return undefined;
  }
  if (step instanceof Rows) return rowsAtOnce(transaction, step);
  if (step instanceof Gets) {
    const values: (Uint8Array | undefined)[] = [];
    for (const key of step.keys) values.push(valueAtOnce(transaction, key, step.options));
    return values;
  }
  const answers = step.map((each) => answeredAtOnce(transaction, each));
  return answers.includes(undefined) ? undefined : answers;
}

function rowsAtOnce(transaction: ReadTransaction, { range, options }: Rows): readonly Row[] | undefined {
  const all: Row[] = [];
  const count = visitRows(transaction, range, options, (key, keyBegin, keyEnd, value, begin, end) => {
    all.push([new Uint8Array(key.subarray(keyBegin, keyEnd)), new Uint8Array(value.subarray(begin, end))]);
  });
  return count === undefined ? undefined : all;
}

/** What `get` resolves with, at once; only where the transaction `readsAtOnce`. */
export function valueAtOnce(
  transaction: ReadTransaction,
  key: Uint8Array,
  options?: KeyReadOptions,
): Uint8Array | undefined {
  let value: Uint8Array | undefined;
  transaction.visitKey(
    key,
    (bytes, begin, end) => {
      value = new Uint8Array(bytes.subarray(begin, end));
    },
    options,
  );
  return value;
}
