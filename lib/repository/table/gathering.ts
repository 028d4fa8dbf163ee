/** The answers of a query, gathered as its rows are visited. */
import type { RowVisitor } from "../../engine/index.js";
import { splitReadsMax } from "../../limits/index.js";
import { isSplit } from "../../records/index.js";
import { type ReadTransaction, siblings } from "../../transaction/index.js";

/** A record whose chunks are yet to be read, and its place among the others. */
interface SplitRecord {
  readonly at: number;
  readonly id: Uint8Array;
  readonly head: Uint8Array;
}

/** How answers are made of what is stored. */
export interface Answering<R> {
  /** The answer for the record in the bytes from `begin` to `end`. */
  readonly answer: (bytes: Uint8Array, begin?: number, end?: number) => R;
  /** An error about the record with a packed id, with its name. */
  about(id: Uint8Array, error: unknown): unknown;
  /** Puts the bytes of a split record together; at once where the transaction can, undefined where it cannot. */
  join(transaction: ReadTransaction, id: Uint8Array, head: Uint8Array): Promise<Uint8Array>;
  joinSync(transaction: ReadTransaction, id: Uint8Array, head: Uint8Array): Uint8Array | undefined;
}

/** The answers of a query as its rows are visited, those of split records last. */
export class Gathering<R> {
  /** What has been added so far; places of split records are empty until `whole`. */
  readonly records: R[] = [];
  readonly #split: SplitRecord[] = [];
  readonly #prefixBytes: number;
  readonly #answering: Answering<R>;
  readonly #answer: Answering<R>["answer"];

  /** `prefixBytes`: how many bytes of a key stand before a record's id. */
  constructor(prefixBytes: number, answering: Answering<R>) {
    this.#prefixBytes = prefixBytes;
    this.#answering = answering;
    this.#answer = answering.answer;
  }

  readonly add: RowVisitor = (key, keyBegin, keyEnd, bytes, begin, end) => {
    if (isSplit(bytes, begin, end)) {
      const id = new Uint8Array(key.subarray(keyBegin + this.#prefixBytes, keyEnd));
      this.#split.push({ at: this.records.length, id, head: new Uint8Array(bytes.subarray(begin, end)) });
      // Its place is kept until `whole` fills it.
      this.records.push(undefined as R);
      return;
    }
    try {
      this.records.push(this.#answer(bytes, begin, end));
    } catch (error) {
      throw this.#answering.about(new Uint8Array(key.subarray(keyBegin + this.#prefixBytes, keyEnd)), error);
    }
  };

  /** As `whole`, at once; undefined where that takes its time. */
  wholeSync(transaction: ReadTransaction): R[] | undefined {
    for (const { at, id, head } of this.#split) {
      try {
        const value = this.#answering.joinSync(transaction, id, head);
        if (value === undefined) return undefined;
        this.records[at] = this.#answer(value);
      } catch (error) {
        throw this.#answering.about(id, error);
      }
    }
    return this.records;
  }

  /** All of them, with one range read for each that is split, `splitReadsMax` at once. */
  async whole(transaction: ReadTransaction): Promise<R[]> {
    const fill = async ({ at, id, head }: SplitRecord): Promise<void> => {
      try {
        this.records[at] = this.#answer(await this.#answering.join(transaction, id, head));
      } catch (error) {
        throw this.#answering.about(id, error);
      }
    };
    for (let from = 0; from < this.#split.length; from += splitReadsMax) {
      await siblings(this.#split.slice(from, from + splitReadsMax).map(fill));
    }
    return this.records;
  }
}

/** The fields `names` that a record has. */
export function picked(record: object, names: readonly string[]): object {
  const found: Record<string, unknown> = {};
  for (const name of names) if (Object.hasOwn(record, name)) found[name] = Reflect.get(record, name);
  return found;
}
