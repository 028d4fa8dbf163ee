/** Markers: keys written with a transaction, by which a later attempt sees whether an earlier one was applied. */
import type { EngineTransaction } from "../../engine/index.js";
import { tenantryError } from "../../errors/index.js";
import { equalBytes, keyAfter } from "../../tuple/index.js";
import { payloadPrintBytes } from "../call/payload-print.js";

/** Bytes that name one run, all its attempts together. */
export const runIdBytes = 16;

const format = 1;
const attemptAt = 1 + runIdBytes;
const stampAt = attemptAt + 4;
const stampBytes = 10;
const payloadAt = stampAt + stampBytes;

/** Where in a run's id the print of what it was asked for is; programs of before have nothing but random bytes there. */
const printAt = runIdBytes - payloadPrintBytes;
/** The bit of an attempt's number that says so. */
const printFlag = 0x8000_0000;

/** What a marker says: who was applied, and when. */
export interface MarkerContent {
  /** The attempt of this run that was applied; undefined when it was another caller's with the same idempotency key. */
  readonly attempt: number | undefined;
  /** Whether it is of another request under the same idempotency key. */
  readonly reused: boolean;
  /** The commit's versionstamp. */
  readonly versionstamp: Uint8Array;
  /** The kept result, if any. */
  readonly payload: Uint8Array;
}

/**
 * The marker of one run. Every attempt that writes has its key under a read *and* a write conflict: so of all
 * attempts whose outcome is unknown, and the one that asks, at most one can be applied.
 */
export class Marker {
  /** The key that is written. */
  readonly key: Uint8Array;
  /** Keys that are looked at: this one, and for an idempotency key those of the neighbouring time buckets. */
  readonly #keys: readonly Uint8Array[];
  readonly #runId: Uint8Array;
  readonly #print: Uint8Array | undefined;
  readonly #shared: boolean;

  /**
   * @param neighbours Given for an idempotency key, whose marker tells of other callers too.
   * @param print What tells requests under an idempotency key apart; undefined where nothing does.
   */
  constructor(key: Uint8Array, runId: Uint8Array, neighbours?: readonly Uint8Array[], print?: Uint8Array) {
    this.key = key;
    this.#runId = new Uint8Array(runId);
    if (print !== undefined) this.#runId.set(print, printAt);
    this.#print = print;
    this.#shared = neighbours !== undefined;
    this.#keys = neighbours === undefined ? [key] : [key, ...neighbours];
  }

  /** Reads, and conflicts on, the marker. */
  async find(engine: EngineTransaction): Promise<MarkerContent | undefined> {
    const values = await Promise.all(this.#keys.map((key) => engine.get(key)));
    const value = values.find((found) => found !== undefined);
    return value === undefined ? undefined : this.#content(value);
  }

  /** Writes the marker along with what attempt `attempt` does, unread. */
  write(engine: EngineTransaction, attempt: number, payload?: Uint8Array): void {
    const size = payloadAt + (payload?.length ?? 0);
    const operand = new Uint8Array(size + 4);
    const view = new DataView(operand.buffer);
    operand[0] = format;
    operand.set(this.#runId, 1);
    view.setUint32(attemptAt, this.#print === undefined ? attempt : attempt + printFlag);
    if (payload !== undefined) operand.set(payload, payloadAt);
    view.setUint32(size, stampAt, true);
    for (const key of this.#keys) engine.addReadConflictRange(key, keyAfter(key));
    engine.atomic("setVersionstampedValue", this.key, operand);
  }

  /** Makes the transaction one that no earlier attempt of this run can follow: to be used after `find` found nothing. */
  fence(engine: EngineTransaction): void {
    engine.clear(this.key);
  }

  #content(value: Uint8Array): MarkerContent | undefined {
    if (value[0] !== format || value.length < payloadAt) throw tenantryError("MARKER_CORRUPT", {});
    const own = this.#runId.every((byte, index) => value[1 + index] === byte);
    // The key of a marker without idempotency key is used again by later runs.
    if (!own && !this.#shared) return undefined;
    const view = new DataView(value.buffer, value.byteOffset, value.length);
    const attempt = view.getUint32(attemptAt);
    const print = attempt < printFlag ? undefined : value.subarray(1 + printAt, attemptAt);
    return {
      attempt: own ? attempt % printFlag : undefined,
      reused: print !== undefined && this.#print !== undefined && !equalBytes(print, this.#print),
      versionstamp: value.slice(stampAt, payloadAt),
      payload: value.subarray(payloadAt),
    };
  }
}
