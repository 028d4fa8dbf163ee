/** The lock that lets one process at a time open a store: a file that names its holder, made and taken atomically. */
import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { tenantryError } from "../../../errors/index.js";
import { isRunning, ownIdentity, type ProcessIdentity } from "./process-identity.js";

interface LockRecord extends ProcessIdentity {
  /** Of this lock alone. */
  readonly token: string;
}

const pollMs = 50;
/** How often the holder touches its lock, for those who cannot see its process. */
const beatMs = 1_000;
/** Time without a touch, watched by the one who waits, after which such a lock counts as left behind. */
const silenceMs = 4_000;

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);

export class ProcessLock {
  readonly #file: string;
  readonly #content: string;
  readonly #beat: NodeJS.Timeout;
  #touchedAt = performance.now();
  #lost = false;

  private constructor(file: string, content: string) {
    this.#file = file;
    this.#content = content;
    this.#beat = setInterval(() => this.#touch(), beatMs).unref();
  }

  /**
   * Takes the lock of a directory, waiting up to `timeoutMs` for the process that has it. Throws `STORE_LOCKED`,
   * which names that process, and whatever keeps the file from being made.
   */
  static async acquire(directory: string, timeoutMs: number): Promise<ProcessLock> {
    const file = join(directory, "lock");
    const content = JSON.stringify({ ...ownIdentity(), token: randomUUID() } satisfies LockRecord);
    const begun = performance.now();
    const silence = new Silence();
    for (;;) {
      if (create(file, content)) return new ProcessLock(file, content);
      const held = readLock(file);
      if (held === undefined) continue;
      const state = held.record === undefined ? "unknown" : isRunning(held.record);
      if (state === false || (state === "unknown" && silence.since(held.touched) > silenceMs)) {
        takeAway(file, held.content);
        continue;
      }
      const waitedMs = Math.round(performance.now() - begun);
      if (waitedMs >= timeoutMs) {
        const { pid, host } = held.record ?? { pid: 0, host: "" };
        throw tenantryError("STORE_LOCKED", { path: directory, pid, host, waitedMs });
      }
      await sleep(Math.min(pollMs, Math.max(timeoutMs - waitedMs, 1)));
    }
  }

  /** Whether the lock is still this one's: it is looked at again when it could not be touched in time. */
  get held(): boolean {
    if (!this.#lost && performance.now() - this.#touchedAt > 2 * beatMs) this.#touch();
    return !this.#lost;
  }

  #touch(): void {
    try {
      if (readFileSync(this.#file, "utf8") !== this.#content) this.#lost = true;
      else utimesSync(this.#file, new Date(), new Date());
      this.#touchedAt = performance.now();
    } catch {
      this.#lost = true;
    }
  }

  release(): void {
    clearInterval(this.#beat);
    if (readLock(this.#file)?.content === this.#content) rmSync(this.#file, { force: true });
  }
}

/** Measures for how long a lock has not been touched, by the clock of the one who looks. */
class Silence {
  #touched = Number.NaN;
  #from = 0;

  since(touched: number): number {
    if (touched !== this.#touched) {
      this.#touched = touched;
      this.#from = performance.now();
    }
    return performance.now() - this.#from;
  }
}

/** Makes the lock with its content in one step; false when there is one. */
function create(file: string, content: string): boolean {
  const draft = `${file}.${randomUUID()}`;
  try {
    writeFileSync(draft, content, { flag: "wx" });
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    // File systems without links: the content follows a moment after the file.
    if (codeOf(error) !== "EPERM" && codeOf(error) !== "ENOTSUP" && codeOf(error) !== "ENOSYS") throw error;
    return createExclusively(file, content);
  } finally {
    rmSync(draft, { force: true });
  }
}

function createExclusively(file: string, content: string): boolean {
  try {
    writeFileSync(file, content, { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

interface HeldLock {
  readonly content: string;
  /** undefined: not written yet, or not by this program. */
  readonly record: LockRecord | undefined;
  readonly touched: number;
}

function readLock(file: string): HeldLock | undefined {
  try {
    const content = readFileSync(file, "utf8");
    return { content, record: parse(content), touched: statSync(file).mtimeMs };
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function parse(content: string): LockRecord | undefined {
  try {
    const value: unknown = JSON.parse(content);
    return isLockRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isLockRecord(value: unknown): value is LockRecord {
  if (typeof value !== "object" || value === null) return false;
  const { pid, host, space, token } = value as Partial<Record<keyof LockRecord, unknown>>;
  return Number.isSafeInteger(pid) && [host, space, token].every((part) => typeof part === "string");
}

/**
 * Removes a lock that was left behind. Another who waits may have done so, and taken the lock, since it was looked
 * at: what was moved away is looked at once more, and put back when it is not the one that was judged.
 */
function takeAway(file: string, content: string): void {
  const moved = `${file}.${randomUUID()}`;
  try {
    renameSync(file, moved);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  if (readFileSync(moved, "utf8") !== content) {
    try {
      linkSync(moved, file);
    } catch {
      // A third has it by now; the one moved away notices at its next touch, before it commits again.
    }
  }
  rmSync(moved, { force: true });
}
