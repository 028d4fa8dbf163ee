/** Chunks: what the source of an import gives, piece by piece, copied. */
import { tenantryError } from "../../errors/index.js";
import { abortReason, arrayLength, copiedBytes, isAborted } from "../../intrinsics/index.js";
import { onAborted } from "../../roster/index.js";
import type { ImportSource } from "../interface/transfer.js";

type Chunk = string | Uint8Array<ArrayBuffer>;
type Steps = Iterator<unknown> | AsyncIterator<unknown>;

const invalid = (cause?: unknown): Error =>
  tenantryError("IMPORT_SOURCE_INVALID", {}, cause === undefined ? {} : { cause });

const isObject = (value: unknown): value is object =>
  (typeof value === "object" && value !== null) || typeof value === "function";

/** Copied: its owner may fill it anew while its lines are stored. */
function copied(chunk: unknown): Chunk {
  const own = typeof chunk === "string" ? chunk : copiedBytes(chunk);
  if (own === undefined) throw invalid();
  return own;
}

/** The iterator of a source. @throws IMPORT_SOURCE_INVALID where it has none, also where asking for it throws. */
function stepsOf(source: object): Steps {
  let steps: unknown;
  try {
    const method: unknown = Reflect.get(source, Symbol.asyncIterator) ?? Reflect.get(source, Symbol.iterator);
    steps = typeof method === "function" ? Reflect.apply(method, source, []) : undefined;
  } catch (cause) {
    throw invalid(cause);
  }
  if (!isObject(steps) || typeof Reflect.get(steps, "next") !== "function") throw invalid();
  return steps as Steps;
}

/** What a source gives next; undefined at its end. */
async function nextOf(steps: Steps): Promise<{ readonly value: unknown } | undefined> {
  const step: unknown = await steps.next();
  if (!isObject(step)) throw invalid();
  return Reflect.get(step, "done") ? undefined : { value: await Reflect.get(step, "value") };
}

/** Tells a source that nobody asks for more, and waits for nothing: it may be in the middle of what it was asked for. */
async function leave(steps: Steps): Promise<void> {
  try {
    await steps.return?.();
  } catch {
    // What it says to that is nobody's.
  }
}

/** What `work` resolves to, unless the signal aborts first: who waits for a source in vain is not held by it. */
async function unlessAborted<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  if (signal === undefined) return await work();
  const aborted = (): Error => tenantryError("TRANSACTION_ABORTED", { attempts: 0 }, { cause: abortReason(signal) });
  if (isAborted(signal)) throw aborted();
  let stopListening = (): void => {};
  const abort = new Promise<never>((_, reject) => {
    stopListening = onAborted(signal, () => reject(aborted()));
  });
  try {
    return await Promise.race([work(), abort]);
  } finally {
    stopListening();
  }
}

/**
 * The chunks of a source. What the source itself throws on the way, such as a stream that breaks, is thrown as it is.
 *
 * @throws IMPORT_SOURCE_INVALID for what cannot be gone through, or holds neither text nor bytes; TRANSACTION_ABORTED,
 * also while the source keeps it waiting.
 */
export async function* chunksOf(
  source: ImportSource,
  signal: AbortSignal | undefined,
): AsyncGenerator<Chunk, undefined, undefined> {
  const whole = typeof source === "string" ? source : copiedBytes(source);
  if (whole !== undefined) {
    yield whole;
    return;
  }
  // A list is gone through by its indices, whatever it says of itself.
  const length = arrayLength(source);
  if (length !== undefined) {
    for (let at = 0; at < length; at++) yield copied(Reflect.get(source as readonly unknown[], at));
    return;
  }
  if (!isObject(source)) throw invalid();
  const steps = stepsOf(source);
  let ended = false;
  try {
    for (;;) {
      const given = await unlessAborted(signal, () =>
        nextOf(steps).catch((error: unknown) => {
          ended = true;
          throw error;
        }),
      );
      ended = given === undefined;
      if (given === undefined) return;
      yield copied(given.value);
    }
  } finally {
    // One that has ended, or broken, is not told.
    if (!ended) void leave(steps);
  }
}
