/** What the benchmarks have to reach: bounds of booked ratios. */

export interface Target {
  readonly title: string;
  /** The key among a report's ratios. */
  readonly ratio: string;
  readonly bound: number;
  /** Whether the bound is a lower one. */
  readonly atLeast: boolean;
}

const atLeast = (title: string, ratio: string, bound: number): Target => ({ title, ratio, bound, atLeast: true });
const atMost = (title: string, ratio: string, bound: number): Target => ({ title, ratio, bound, atLeast: false });

export const targets: readonly Target[] = [
  atLeast("Full scan, hand-written lmdb loop", "scan/lmdb-loop", 1.5),
  atLeast("Full scan of a million, hand-written lmdb loop", "scan-large/lmdb-loop", 1.5),
  atLeast("Full scan, Deno KV list", "scan/deno-kv", 7),
  atLeast("Full scan, better-sqlite3 with JSON", "scan/better-sqlite3", 1.5),
  atLeast("100-row page, hand-written lmdb loop", "page/lmdb-loop", 1.3),
  atLeast("Point get, raw lmdb get and unpack", "get/lmdb-loop", 0.5),
  atLeast("64 read-modify-writes, raw lmdb merged batch", "update-64/lmdb-loop", 0.8),
  atLeast("64 read-modify-writes, Deno KV atomic", "update-64/deno-kv", 4),
  atMost("Guard on a scan, upper end of the 95% interval", "guard-scan/upper", 1.05),
  atMost("Guard on a point get, upper end of the 95% interval", "guard-get/upper", 1.05),
  atMost("Guard on a page, upper end of the 95% interval", "guard-page/upper", 1.05),
  atMost("Guard on 64 updates, upper end of the 95% interval", "guard-update/upper", 1.05),
  atMost("Anonymous memory of a million-row scan, in MiB", "memory/growth", 64),
  atMost("Growth of a get from 10⁴ to 10⁶ records, over raw lmdb's", "records-get/growth", 1.15),
  atMost("Growth of an update from 10⁴ to 10⁶ records, over raw lmdb's", "records-update/growth", 1.15),
  atMost("Growth of a get from 10 to 10,000 tenants", "tenants-get/growth", 1.3),
  atMost("Growth of an update from 10 to 10,000 tenants", "tenants-update/growth", 1.3),
  atMost("A quiet tenant's p99 beside a flood, over its p99 alone", "fairness/p99", 2),
  atLeast("64 writers under a hard limit, over without quotas", "quotas/hard-limit", 0.5),
  atLeast("On FoundationDB: full scan, getRangeAll and unpack", "scan/foundationdb", 0.9),
];

export interface Verdict {
  readonly target: Target;
  readonly value: number;
  readonly met: boolean;
}

/** Of the targets whose ratio was measured, whether it was reached. */
export const verdicts = (ratios: ReadonlyMap<string, number>): Verdict[] =>
  targets.flatMap((target) => {
    const value = ratios.get(target.ratio);
    if (value === undefined) return [];
    return [{ target, value, met: target.atLeast ? value >= target.bound : value <= target.bound }];
  });
