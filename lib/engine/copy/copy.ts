/** Copies a keyspace from one engine to another: consistent, resumable, verified. */
import { copiesApart, isOfAnotherCopy, tenantryError } from "../../errors/index.js";
import { copiedBytes } from "../../intrinsics/index.js";
import { copyPassesMax } from "../../limits/index.js";
import { assertFunctionIfGiven, optionNames, takeOptions } from "../../options/index.js";
import type { Engine } from "../engine.js";
import { type CopyCheckpoint, checkpointOf, resumeKey } from "./checkpoint.js";
import { chunksOf, matches, writeChunk } from "./chunk.js";
import { RowDigest } from "./digest.js";
import { type Range, RangeReader } from "./rows.js";
import { commitTo } from "./write.js";
import { WriteQueue } from "./write-queue.js";

/**
 * What is told after each chunk.
 *
 * @example
 * ```ts
 * import { writeFileSync } from "node:fs";
 * import type { CopyProgress } from "tenantry/engine";
 * const onProgress = ({ bytes, estimatedBytes, checkpoint }: CopyProgress): void => {
 *   console.log(`${Math.round((100 * bytes) / estimatedBytes)} %`);
 *   writeFileSync("copy.json", JSON.stringify(checkpoint));
 * };
 * ```
 */
export interface CopyProgress {
  /** Writing all rows, comparing them with the source again, or reading the target back for its digest. */
  readonly phase: "copying" | "comparing" | "digesting";
  /** Which pass over the source this is, from 1. */
  readonly pass: number;
  /** Rows and bytes of this pass so far. */
  readonly rows: number;
  readonly bytes: number;
  /** The source's guess of the size of the range, in bytes; rough. */
  readonly estimatedBytes: number;
  /** Where a later `copy` may go on from. */
  readonly checkpoint: CopyCheckpoint;
}

/**
 * What to copy, and how.
 *
 * @example
 * ```ts
 * import { type CopyOptions, copy, type Engine } from "tenantry/engine";
 * declare const from: Engine;
 * declare const to: Engine;
 * const options: CopyOptions = { from, to, overwrite: true, signal: AbortSignal.timeout(3_600_000) };
 * await copy(options);
 * ```
 */
export interface CopyOptions {
  readonly from: Engine;
  /** Nothing else may write to the range here while it is copied. */
  readonly to: Engine;
  /** What to copy; by default everything there is, from the first key to `\xff`. */
  readonly range?: { readonly begin: Uint8Array; readonly end: Uint8Array } | undefined;
  /** Whether rows the target has in the range may be lost; without it they are an error. */
  readonly overwrite?: boolean | undefined;
  /** The checkpoint of a copy that was stopped, to go on from there. */
  readonly resumeFrom?: CopyCheckpoint | undefined;
  /** Passes over the source at most, before it is given up as changing too fast; 5 by default, 2 at least. */
  readonly passes?: number | undefined;
  /** Called as the copy comes on, which waits for it. What it throws ends the copy. */
  readonly onProgress?: ((progress: CopyProgress) => unknown) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What was copied, and how consistent the copy is.
 *
 * @example
 * ```ts
 * import type { CopyResult } from "tenantry/engine";
 * const report = ({ rows, digest, consistency }: CopyResult): string => `${rows} rows, ${consistency}, sha256 ${digest}`;
 * ```
 */
export interface CopyResult {
  readonly rows: number;
  /** Bytes of keys and values. */
  readonly bytes: number;
  /** SHA-256 over all rows, in hexadecimal: read back from the target, and equal to the source's. */
  readonly digest: string;
  /** Passes over the source it took. */
  readonly passes: number;
  /**
   * `snapshot`: the target is the source as it was at `version`. `stable`: the source was read at several versions,
   * and a further pass found nothing changed; the target is the source as it was between the two passes.
   */
  readonly consistency: "snapshot" | "stable";
  /** The read version of a `snapshot`. */
  readonly version: bigint | undefined;
}

const copyNames = optionNames<CopyOptions>({
  from: true,
  to: true,
  range: true,
  overwrite: true,
  resumeFrom: true,
  passes: true,
  onProgress: true,
  signal: true,
});
const rangeNames = optionNames<NonNullable<CopyOptions["range"]>>({ begin: true, end: true });

/** A range of the copy's own. @throws COPY_OPTIONS_INVALID */
function copiedRange(given: NonNullable<CopyOptions["range"]>): Range {
  const range = takeOptions(given, rangeNames, "copy range");
  const [begin, end] = [copiedBytes(range.begin), copiedBytes(range.end)];
  if (begin === undefined || end === undefined) {
    throw tenantryError("COPY_OPTIONS_INVALID", { reason: "its range has no two keys" });
  }
  return { begin, end };
}

const everything: Range = { begin: new Uint8Array(), end: Uint8Array.of(0xff) };

const metadataVersionKey = Uint8Array.of(0xff, ...new TextEncoder().encode("/metadataVersion"));

/**
 * Copies all rows of a range from one engine to another, embedded or FoundationDB, in either direction.
 *
 * *Consistency.* A read version lasts five seconds. If that is enough to read the range once, the target becomes the
 * source at that version, whoever writes meanwhile. If not, rows are read at several versions, and further passes
 * compare source and target and repair what differs, until one pass finds nothing to repair. Every row was then equal
 * at two times, one before and one after the moment between the last two passes: the target is the source as of that
 * moment, unless a key was changed and changed back between two passes. So a source at rest (or one that was paused
 * after the first pass) always gives an exact copy, and one that never rests ends in `COPY_SOURCE_CHANGING` instead of
 * a torn one.
 *
 * *Verification.* The digest in the result is of the rows read back from the target, and equal to the source's.
 *
 * *Resuming.* Each progress event carries a checkpoint; everything before it was committed. Passing it as `resumeFrom`
 * skips that, and the passes that compare make good what changed in between.
 *
 * Versionstamps are copied as they are; those of two clusters don't compare, so tenants whose change feed goes on need
 * a new incarnation at the target.
 *
 * Throws `COPY_TARGET_NOT_EMPTY`, `COPY_CHECKPOINT_INVALID`, `COPY_SOURCE_CHANGING`, `COPY_DIGEST_MISMATCH` (something
 * else wrote to the target), `KEY_TOO_LARGE` (a key the target does not take), the engines' errors, and the signal's
 * reason.
 *
 * @example
 * ```ts
 * import { copy, embedded, foundationdb, openEngine } from "tenantry/engine";
 *
 * const from = await openEngine(embedded("./data"));
 * const to = await openEngine(foundationdb());
 * const { rows, digest } = await copy({ from, to, onProgress: ({ phase, rows }) => console.log(phase, rows) });
 * console.log(`${rows} rows, ${digest}`);
 * ```
 */
export async function copy(given: CopyOptions): Promise<CopyResult> {
  const options = takeOptions(given, copyNames, "copy");
  const { from, to, passes = copyPassesMax, signal, onProgress } = options;
  assertFunctionIfGiven(onProgress, "onProgress");
  const range = options.range === undefined ? everything : copiedRange(options.range);
  if (isOfAnotherCopy(from) || isOfAnotherCopy(to))
    throw tenantryError("COPY_OPTIONS_INVALID", { reason: copiesApart });
  if (Buffer.compare(range.begin, range.end) >= 0) {
    throw tenantryError("COPY_OPTIONS_INVALID", { reason: "it ends before it begins" });
  }
  if (!Number.isInteger(passes) || passes < 2) {
    throw tenantryError("COPY_OPTIONS_INVALID", { reason: "passes is not an integer of at least 2" });
  }
  const resume = options.resumeFrom === undefined ? range.begin : resumeKey(options.resumeFrom, range);
  if (options.resumeFrom === undefined && options.overwrite !== true) await requireEmpty(to, range, signal);
  const work = new Copy(options, range, await new RangeReader(from, signal).estimate(range));
  if (resume !== undefined) {
    const whole = await work.write(resume);
    if (whole !== undefined) return whole;
  }
  for (let pass = 2; pass <= passes; pass += 1) {
    const done = await work.compare(pass);
    if (done !== undefined) return done;
  }
  throw tenantryError("COPY_SOURCE_CHANGING", { passes });
}

async function requireEmpty(to: Engine, range: Range, signal: AbortSignal | undefined): Promise<void> {
  for await (const _ of new RangeReader(to, signal).batches(range)) throw tenantryError("COPY_TARGET_NOT_EMPTY", {});
}

class Copy {
  readonly #options: CopyOptions;
  readonly #range: Range;
  readonly #estimatedBytes: number;

  constructor(options: CopyOptions, range: Range, estimatedBytes: number) {
    this.#options = options;
    this.#range = range;
    this.#estimatedBytes = estimatedBytes;
  }

  /** The first pass: writes everything from `begin` on. Gives the result if the source was read at one version. */
  async write(begin: Uint8Array): Promise<CopyResult | undefined> {
    const { from, to, signal } = this.#options;
    const reader = new RangeReader(from, signal);
    const version = await reader.version();
    const digest = new RowDigest();
    const queue = new WriteQueue((copiedTo) => this.#tell("copying", 1, digest, copiedTo));
    try {
      for await (const chunk of chunksOf(reader, { begin, end: this.#range.end })) {
        for (const row of chunk.rows) digest.add(row);
        await queue.push(chunk.end, () => writeChunk(to, chunk));
      }
    } finally {
      await queue.drain();
    }
    const whole = reader.versions === 1 && Buffer.compare(begin, this.#range.begin) === 0;
    return whole ? this.#finish(digest, 1, version) : undefined;
  }

  /** A further pass: compares, and writes what differs. Gives the result if that made the target a consistent copy. */
  async compare(pass: number): Promise<CopyResult | undefined> {
    const { from, to, signal } = this.#options;
    const reader = new RangeReader(from, signal);
    const target = new RangeReader(to, signal);
    const version = await reader.version();
    const [digest, targetDigest] = [new RowDigest(), new RowDigest()];
    let differs = false;
    for await (const chunk of chunksOf(reader, this.#range)) {
      for (const row of chunk.rows) digest.add(row);
      if (!(await matches(target, chunk, (row) => targetDigest.add(row)))) {
        differs = true;
        await writeChunk(to, chunk);
      }
      await this.#tell("comparing", pass, digest, undefined);
    }
    if (reader.versions === 1 && differs) return this.#finish(digest, pass, version);
    if (differs) return undefined;
    return this.#result(digest, targetDigest, pass, reader.versions === 1 ? version : undefined);
  }

  /** Reads the target back after the source was read at one version. */
  async #finish(digest: RowDigest, pass: number, version: bigint): Promise<CopyResult> {
    const targetDigest = new RowDigest();
    for await (const { rows } of new RangeReader(this.#options.to, this.#options.signal).batches(this.#range)) {
      for (const row of rows) targetDigest.add(row);
      await this.#tell("digesting", pass, targetDigest, undefined);
    }
    return this.#result(digest, targetDigest, pass, version);
  }

  async #result(
    source: RowDigest,
    target: RowDigest,
    passes: number,
    version: bigint | undefined,
  ): Promise<CopyResult> {
    const { rows, bytes } = target;
    const digest = target.finish();
    if (digest !== source.finish())
      throw tenantryError("COPY_DIGEST_MISMATCH", { rows: source.rows, targetRows: rows });
    await changeMetadataVersion(this.#options.to);
    const consistency = version === undefined ? "stable" : "snapshot";
    return { rows, bytes, digest, passes, consistency, version };
  }

  async #tell(
    phase: CopyProgress["phase"],
    pass: number,
    { rows, bytes }: RowDigest,
    copiedTo: Uint8Array | undefined,
  ): Promise<void> {
    const checkpoint = checkpointOf(this.#range, copiedTo);
    await this.#options.onProgress?.({ phase, pass, rows, bytes, estimatedBytes: this.#estimatedBytes, checkpoint });
  }
}

/** Tells processes that have the target open to forget what they cached of it. */
const changeMetadataVersion = (to: Engine): Promise<void> =>
  commitTo(to, async (transaction) => {
    transaction.atomic("setVersionstampedValue", metadataVersionKey, new Uint8Array(14));
  });
