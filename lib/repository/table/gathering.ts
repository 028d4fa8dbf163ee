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

/** How the bytes of a split record are put together; at once where the transaction can, undefined where it cannot. */
export interface Joins {
  join(transaction: ReadTransaction, id: Uint8Array, head: Uint8Array): Promise<Uint8Array>;
  joinSync(transaction: ReadTransaction, id: Uint8Array, head: Uint8Array): Uint8Array | undefined;
}

/** The answers of a query as its rows are visited, those of split records last. */
export class Gathering<R> {
  /** What has been added so far; places of split records are empty until `whole`. */
  readonly records: R[] = [];
  readonly #split: SplitRecord[] = [];
  readonly #prefixBytes: number;
  readonly #answer: (bytes: Uint8Array, begin?: number, end?: number) => R;
  readonly #joins: Joins;

  /** `prefixBytes`: how many bytes of a key stand before a record's id. `answer` makes an answer of a record's bytes. */
  constructor(prefixBytes: number, answer: (bytes: Uint8Array, begin?: number, end?: number) => R, joins: Joins) {
    this.#prefixBytes = prefixBytes;
    this.#answer = answer;
    this.#joins = joins;
  }

  readonly add: RowVisitor = (key, keyBegin, keyEnd, bytes, begin, end) => {
    if (isSplit(bytes, begin, end)) {
      const id = new Uint8Array(key.subarray(keyBegin + this.#prefixBytes, keyEnd));
      this.#split.push({ at: this.records.length, id, head: new Uint8Array(bytes.subarray(begin, end)) });
      // Its place is kept until `whole` fills it.
      this.records.push(undefined as R);
    } else this.records.push(this.#answer(bytes, begin, end));
  };

  /** As `whole`, at once; undefined where that takes its time. */
  wholeSync(transaction: ReadTransaction): R[] | undefined {
    for (const { at, id, head } of this.#split) {
      const value = this.#joins.joinSync(transaction, id, head);
      if (value === undefined) return undefined;
      this.records[at] = this.#answer(value);
    }
    return this.records;
  }

  /** All of them, with one range read for each that is split, `splitReadsMax` at once. */
  async whole(transaction: ReadTransaction): Promise<R[]> {
    const fill = async ({ at, id, head }: SplitRecord): Promise<void> => {
      this.records[at] = this.#answer(await this.#joins.join(transaction, id, head));
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
