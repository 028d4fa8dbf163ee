/** Operations: what a write reads and does, a step at a time, so that it is done at once where reads wait for nothing. */
import type { KeyReadOptions, ReadTransaction } from "../../transaction/index.js";

/** Keys whose values an operation goes on with. */
class Gets {
  readonly keys: readonly Uint8Array[];
  readonly options: KeyReadOptions | undefined;

  constructor(keys: readonly Uint8Array[], options: KeyReadOptions | undefined) {
    this.keys = keys;
    this.options = options;
  }
}

type Values = readonly (Uint8Array | undefined)[];

/** An operation that comes to a `T`: it stops at each read until it is given what was read. */
export type Operation<T> = Generator<Gets | Promise<unknown>, T, unknown>;

/** The values of some keys, read all at once. */
export function* valuesAt(keys: readonly Uint8Array[], options?: KeyReadOptions): Operation<Values> {
  // What it is given is what `perform` and `performAtOnce` read for it.
  return (yield new Gets(keys, options)) as Values;
}

/** The value of one key. */
export function* valueAt(key: Uint8Array, options?: KeyReadOptions): Operation<Uint8Array | undefined> {
  return (yield* valuesAt([key], options))[0];
}

/** What work of another kind comes to; an operation that has to wait for some cannot be done at once. */
export function* resultOf<T>(work: T | Promise<T>): Operation<T> {
  return work instanceof Promise ? ((yield work) as T) : work;
}

async function answered(transaction: ReadTransaction, step: Gets | Promise<unknown>): Promise<unknown> {
  if (step instanceof Promise) return step;
  const { keys, options } = step;
  const [key] = keys;
  // A tick less than all of one.
  if (keys.length === 1 && key !== undefined) return [await transaction.get(key, options)];
  return Promise.all(keys.map((each) => transaction.get(each, options)));
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
    if (step.value instanceof Promise) {
      // It is asked for again by whoever performs the operation then.
      step.value.catch(() => {});
      return undefined;
    }
    const { keys, options } = step.value;
    const values: (Uint8Array | undefined)[] = [];
    for (const key of keys) values.push(valueAtOnce(transaction, key, options));
    step = operation.next(values);
  }
  return step;
}

function valueAtOnce(
  transaction: ReadTransaction,
  key: Uint8Array,
  options: KeyReadOptions | undefined,
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
