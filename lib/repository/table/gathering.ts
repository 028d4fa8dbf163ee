/** The answers of a query, gathered as its rows are visited. */
import type { RowVisitor } from "../../engine/index.js";
import { splitReadsMax } from "../../limits/index.js";
import { isSplit } from "../../records/index.js";
import type { ReadTransaction } from "../../transaction/index.js";

/** A record whose chunks are yet to be read, and its place among the others. */
interface SplitRecord {
  readonly at: number;
  readonly id: Uint8Array;
  readonly head: Uint8Array;
}

/** The answers of a query as its rows are visited, those of split records last. */
export class Gathering<R> {
  /** What has been added so far; places of split records are empty until `whole`. */
  readonly records: R[] = [];
  readonly #split: SplitRecord[] = [];
  readonly #prefixBytes: number;
  readonly #answer: (bytes: Uint8Array, begin?: number, end?: number) => R;
  readonly #join: (transaction: ReadTransaction, id: Uint8Array, head: Uint8Array) => Promise<Uint8Array>;

  /**
   * `prefixBytes`: how many bytes of a key stand before a record's id. `answer` makes an answer of a record's bytes;
   * `join` puts those of a split one together.
   */
  constructor(
    prefixBytes: number,
    answer: (bytes: Uint8Array, begin?: number, end?: number) => R,
    join: (transaction: ReadTransaction, id: Uint8Array, head: Uint8Array) => Promise<Uint8Array>,
  ) {
    this.#prefixBytes = prefixBytes;
    this.#answer = answer;
    this.#join = join;
  }

  readonly add: RowVisitor = (key, keyBegin, keyEnd, bytes, begin, end) => {
    if (isSplit(bytes, begin)) {
      const id = new Uint8Array(key.subarray(keyBegin + this.#prefixBytes, keyEnd));
      this.#split.push({ at: this.records.length, id, head: new Uint8Array(bytes.subarray(begin, end)) });
      // Its place is kept until `whole` fills it.
      this.records.push(undefined as R);
    } else this.records.push(this.#answer(bytes, begin, end));
  };

  /** All of them, with one range read for each that is split, `splitReadsMax` at once. */
  async whole(transaction: ReadTransaction): Promise<R[]> {
    const fill = async ({ at, id, head }: SplitRecord): Promise<void> => {
      this.records[at] = this.#answer(await this.#join(transaction, id, head));
    };
    for (let from = 0; from < this.#split.length; from += splitReadsMax) {
      await Promise.all(this.#split.slice(from, from + splitReadsMax).map(fill));
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
