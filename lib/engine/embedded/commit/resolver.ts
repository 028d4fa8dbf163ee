/** The resolver: tells whether what a transaction read was written since, over the last seconds of commits. */
import { readVersionAgeMaxMs } from "../../../limits/index.js";
import { isKeyAfter, keyAfter } from "../reading/bounds.js";
import type { KeyRange } from "../store.js";
import { latin1 } from "./latin1.js";
import { RecentWrites } from "./recent-writes.js";
import { versionsPerSecond } from "./version-clock.js";

/** Age of a read version, in versions, past which it is refused. */
export const versionAgeMax = (readVersionAgeMaxMs / 1_000) * versionsPerSecond;

// Writes are kept in stretches of time: a recent read version looks into the newest one or two of them, and old
// ones are dropped whole.
const stretchVersions = versionAgeMax / 4;
const stretchKeysMax = 65_536;

/** The range that holds one key alone. */
export const singleKey = (key: Uint8Array): KeyRange => ({ begin: key, end: keyAfter(key) });

/** Whether the range holds one key alone: its end is its begin and a zero byte. */
export const isSingleKey = ({ begin, end }: KeyRange): boolean => isKeyAfter(end, begin);

export class Resolver {
  /** Newest last. */
  readonly #stretches: { readonly since: number; readonly writes: RecentWrites }[] = [];

  /** Whether a range was written after `readVersion`. */
  conflicts(ranges: readonly KeyRange[], readVersion: number): boolean {
    if ((this.#stretches.at(-1)?.writes.newest ?? 0) <= readVersion) return false;
    for (const range of ranges) {
      const begin = latin1(range.begin);
      const end = isSingleKey(range) ? undefined : latin1(range.end);
      for (let i = this.#stretches.length - 1; i >= 0; i--) {
        const writes = this.#stretches[i]?.writes;
        if (writes === undefined || writes.newest <= readVersion) break;
        if (end === undefined) {
          if (writes.keyWrittenAfter(begin, readVersion)) return true;
        } else if (writes.rangeWrittenAfter(begin, end, readVersion)) return true;
      }
    }
    return false;
  }

  /**
   * Notes the writes of the commit at `version`, which is not before any noted already, and forgets those that no
   * read version from `oldest` on can conflict with.
   */
  note(ranges: readonly KeyRange[], version: number, oldest: number): void {
    while ((this.#stretches[0]?.writes.newest ?? version) < oldest) this.#stretches.shift();
    for (const range of ranges) {
      if (Buffer.compare(range.begin, range.end) >= 0) continue;
      const writes = this.#stretchOf(version);
      if (isSingleKey(range)) writes.addKey(latin1(range.begin), version);
      else writes.addRange(latin1(range.begin), latin1(range.end), version);
    }
  }

  #stretchOf(version: number): RecentWrites {
    const last = this.#stretches.at(-1);
    if (last !== undefined && version - last.since < stretchVersions && last.writes.size < stretchKeysMax) {
      return last.writes;
    }
    const writes = new RecentWrites();
    this.#stretches.push({ since: version, writes });
    return writes;
  }
}
