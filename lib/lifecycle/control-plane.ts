/** The way into the control plane that this level works with, and its rows in bounded transactions. */
import type { KeyRange } from "../keyspace/index.js";
import { tenantsListedAtOnceMax } from "../limits/index.js";
import { type CallTerms, callTerms, type SystemTransaction } from "../transaction/index.js";
import { keyAfter } from "../tuple/index.js";

/** Runs transactions of the control plane; the composition root hands it to this level alone. */
export interface ControlPlane {
  system<T>(fn: (transaction: SystemTransaction) => Promise<T>, terms?: CallTerms): Promise<T>;
  /** As `system`, for what the library needs for itself: it may be called inside another call's function. */
  apart<T>(fn: (transaction: SystemTransaction) => Promise<T>, terms?: CallTerms): Promise<T>;
}

export interface ControlRowsOptions {
  /** Rows wanted, as far as that is known: bounds what is read at once. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The rows of a range in the order of their keys. One range read per thousand, each of its own point in time. */
export async function* controlRows(
  control: ControlPlane,
  range: KeyRange,
  { limit = tenantsListedAtOnceMax, signal }: ControlRowsOptions,
): AsyncGenerator<readonly [Uint8Array, Uint8Array], undefined, undefined> {
  const options = { limit: Math.min(limit, tenantsListedAtOnceMax), snapshot: true };
  let { begin } = range;
  for (;;) {
    const from = begin;
    const { rows, more } = await control.system(
      (transaction) => transaction.getRange({ begin: from, end: range.end }, options),
      callTerms("listTenants", undefined, signal),
    );
    yield* rows;
    const last = rows.at(-1);
    if (!more || last === undefined) return;
    begin = keyAfter(last[0]);
  }
}
