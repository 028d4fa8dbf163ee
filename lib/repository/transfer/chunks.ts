/** Chunks: what the source of an import gives, piece by piece, copied. */
import { tenantryError } from "../../errors/index.js";
import { copiedBytes } from "../../intrinsics/index.js";
import { copiedList } from "../../options/index.js";
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

/**
 * The chunks of a source. What the source itself throws on the way, such as a stream that breaks, is thrown as it is.
 *
 * @throws IMPORT_SOURCE_INVALID for what cannot be gone through, or holds neither text nor bytes.
 */
export async function* chunksOf(source: ImportSource): AsyncGenerator<Chunk, undefined, undefined> {
  const whole = typeof source === "string" ? source : copiedBytes(source);
  if (whole !== undefined) {
    yield whole;
    return;
  }
  // A list is gone through by its indices, whatever it says of itself.
  const list = copiedList(source, Number.POSITIVE_INFINITY);
  if (list !== undefined) {
    for (const chunk of list) yield copied(chunk);
    return;
  }
  if (!isObject(source)) throw invalid();
  const steps = stepsOf(source);
  let goesOn = false;
  try {
    for (;;) {
      const step: unknown = await steps.next();
      if (!isObject(step)) throw invalid();
      if (Reflect.get(step, "done")) return;
      goesOn = true;
      yield copied(await Reflect.get(step, "value"));
      goesOn = false;
    }
  } finally {
    // Only a source that still has something to give is told that nobody asks for it.
    if (goesOn) await steps.return?.();
  }
}
