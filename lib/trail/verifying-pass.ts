/** One pass over one incarnation's trail: folds entries into links, and finds where those do not fit. */
import { type AuditChain, type ChainPoint, decodeEntry, entryKey, entryStamp } from "../audit/index.js";
import { compareBytes, equalBytes } from "../tuple/index.js";
import type { AuditHead } from "./sealer.js";
import { entriesAfter, type Incarnation, type TrailRow } from "./trail-rows.js";

/**
 * Something about a trail that cannot be as it was written:
 * - `entries`: those between two seals were removed, altered, reordered, swapped or added to
 * - `seal`: a seal is not one, was made with a key that is not known, or was removed
 * - `checkpoint`: what says that older entries were dropped is not to be believed
 * - `head`: the head given is not a place of this trail: its end was cut off, or it was written anew
 * - `row`: a row that is no entry
 *
 * @example
 * ```ts
 * import type { AuditFinding } from "tenantry";
 * const line = ({ kind, incarnation, after, through }: AuditFinding) =>
 *   `${kind} in incarnation ${incarnation}, after ${after ?? "the beginning"}, through ${through ?? "the end"}`;
 * ```
 */
export interface AuditFinding {
  readonly kind: "entries" | "seal" | "checkpoint" | "head" | "row";
  readonly incarnation: number;
  /** The stamp of the last entry that is in order before it; undefined at the beginning. */
  readonly after: string | undefined;
  /** The stamp up to which it may reach; undefined where that is not known. */
  readonly through: string | undefined;
}

const nowhere = new Uint8Array();
const hex = (stamp: Uint8Array): string | undefined =>
  stamp.length === 0 ? undefined : Buffer.from(stamp).toString("hex");

/** Rows in order, of which the next can be looked at. */
export class Peekable {
  readonly #rows: AsyncGenerator<TrailRow, undefined, undefined>;
  #next: Promise<IteratorResult<TrailRow, undefined>> | undefined;

  constructor(rows: AsyncGenerator<TrailRow, undefined, undefined>) {
    this.#rows = rows;
  }

  async peek(): Promise<TrailRow | undefined> {
    this.#next ??= this.#rows.next();
    return (await this.#next).value;
  }

  skip(): void {
    this.#next = undefined;
  }
}

/** One pass over one incarnation. */
export class VerifyingPass {
  readonly findings: AuditFinding[] = [];
  verified = 0;
  unsealed = 0;
  since: number | undefined;
  readonly #incarnation: Incarnation;
  readonly #head: AuditHead | undefined;
  readonly #entries: Peekable;
  #point: ChainPoint;
  #headSeen: boolean;

  constructor(incarnation: Incarnation, begin: ChainPoint, entries: Peekable, head: AuditHead | undefined) {
    this.#incarnation = incarnation;
    this.#point = begin;
    this.#entries = entries;
    this.#head = head;
    // What was dropped since cannot be compared any more; the checkpoint vouches for it.
    this.#headSeen = head === undefined || head.entries < begin.count || this.#isHead(begin, head);
  }

  /** The place up to which all is in order, or which a seal vouches for. */
  get point(): ChainPoint {
    return this.#point;
  }

  find(kind: AuditFinding["kind"], through: Uint8Array = nowhere): void {
    const { incarnation } = this.#incarnation;
    this.findings.push({ kind, incarnation, after: hex(this.#point.stamp), through: hex(through) });
  }

  /** Goes on to a seal that is vouched for. */
  async goTo(seal: ChainPoint, chain: AuditChain): Promise<void> {
    let point = this.#point;
    const limit = entryKey(seal.stamp);
    for (let row = await this.#entries.peek(); row !== undefined; row = await this.#entries.peek()) {
      const [key, value] = row;
      if (compareBytes(key, limit) > 0) break;
      this.#entries.skip();
      const stamp = stampOf(key);
      if (stamp === undefined) this.find("row", seal.stamp);
      else {
        point = chain.next(point, stamp, value);
        this.verified++;
        if (this.#head !== undefined && this.#isHead(point, this.#head)) this.#headSeen = true;
      }
    }
    const fits = point.count === seal.count && equalBytes(point.link, seal.link) && equalBytes(point.stamp, seal.stamp);
    if (!fits) this.find("entries", seal.stamp);
    // What follows can still be told from what a seal says of this place.
    this.#point = seal;
    if (this.#head !== undefined && this.#isHead(seal, this.#head)) this.#headSeen = true;
  }

  /** Counts what no seal covers, and closes the account. */
  async finish(): Promise<void> {
    if (!this.#headSeen) this.find("head");
    for (let row = await this.#entries.peek(); row !== undefined; row = await this.#entries.peek()) {
      this.#entries.skip();
      this.unsealed++;
      try {
        entryStamp(row[0]);
        this.since ??= decodeEntry(row[1]).at;
      } catch {
        this.find("row");
      }
    }
  }

  #isHead(point: ChainPoint, { entries, link }: AuditHead): boolean {
    return point.count === entries && Buffer.from(point.link).toString("hex") === link;
  }
}

function stampOf(key: Uint8Array): Uint8Array | undefined {
  try {
    return entryStamp(key);
  } catch {
    return undefined;
  }
}

/** Entries before a checkpoint were dropped: one that is there was put there. */
export async function skipDropped(entries: Peekable, { stamp }: ChainPoint, pass: VerifyingPass): Promise<void> {
  const { begin } = entriesAfter({ stamp });
  for (let row = await entries.peek(); row !== undefined; row = await entries.peek()) {
    if (compareBytes(row[0], begin) >= 0) return;
    entries.skip();
    pass.find("row", stamp);
  }
}
