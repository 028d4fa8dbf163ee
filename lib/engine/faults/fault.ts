/** The faults that can be injected: their kinds, when they strike, and what is logged of each. */

/**
 * What can go wrong, each as FoundationDB itself lets it:
 * - `conflict`: the commit is refused with 1020; nothing is applied
 * - `unknownApplied`: the commit is applied, but answered with 1021, 1039, 1031 or 1025
 * - `unknownNotApplied`: the same answers, and nothing is applied
 * - `unknownLate`: answered with 1039, 1031 or 1025 at once, and only *then* applied (or not, if it conflicts by then)
 * - `tooOld`: a read, or the commit, is answered with 1007
 * - `futureVersion`, `processBehind`: a read is answered with 1009, 1037
 * - `timeout`: a read is answered with 1031, and so is everything the transaction does after it
 * - `slowRead`: a read takes up to `slowReadMs` longer
 * - `watchDrop`: a watch ends with 1039, as it does when a cluster is upgraded
 * - `watchSpurious`: a watch fires though nothing has changed
 *
 * @example
 * ```ts
 * import type { FaultKind, InjectedFault } from "tenantry/testing";
 * const count = (faults: readonly InjectedFault[], kind: FaultKind): number =>
 *   faults.filter((fault) => fault.kind === kind).length;
 * ```
 */
export type FaultKind =
  | "conflict"
  | "unknownApplied"
  | "unknownNotApplied"
  | "unknownLate"
  | "tooOld"
  | "futureVersion"
  | "processBehind"
  | "timeout"
  | "slowRead"
  | "watchDrop"
  | "watchSpurious";

/**
 * How often each kind strikes where it can: a probability in [0, 1]; 0 when absent.
 *
 * @example
 * ```ts
 * import type { FaultRates } from "tenantry/testing";
 * const badDay: FaultRates = { conflict: 0.2, unknownApplied: 0.05, unknownLate: 0.05, slowRead: 0.3 };
 * ```
 */
export type FaultRates = { readonly [Kind in FaultKind]?: number | undefined };

/**
 * One fault that was injected.
 *
 * @example
 * ```ts
 * import type { InjectedFault } from "tenantry/testing";
 * const print = ({ transaction, operation, kind }: InjectedFault): string => `${kind} in ${operation} of ${transaction}`;
 * ```
 */
export interface InjectedFault {
  /** Which transaction of the engine it struck, counted from 1 in the order they began. */
  readonly transaction: number;
  /** The call it struck. */
  readonly operation: "get" | "getKey" | "getRange" | "getReadVersion" | "commit" | "watch";
  readonly kind: FaultKind;
  /** The error the caller was given; undefined for what only delays or fires. */
  readonly fdbCode: number | undefined;
}

/**
 * How an engine is made to fail.
 *
 * @example
 * ```ts
 * import type { FaultOptions } from "tenantry/testing";
 * const options: FaultOptions = { seed: 42, rates: { conflict: 0.1 }, onFault: ({ kind }) => console.log(kind) };
 * ```
 */
export interface FaultOptions {
  /** Where chance begins: the same seed and the same calls give the same faults. */
  readonly seed: number;
  readonly rates: FaultRates;
  /** Longest delay of a slow read and of a late commit, in milliseconds; 20 by default. */
  readonly delayMs?: number | undefined;
  /** Told of each fault as it is injected. */
  readonly onFault?: ((fault: InjectedFault) => void) | undefined;
}

/** Codes of an unknown outcome: of a commit that is settled when they arrive, and of one that may still land. */
export const unknownCodes = { settled: [1021, 1039, 1031, 1025], late: [1039, 1031, 1025] } as const;

/** What strikes a read, in the order the dice are thrown. */
export const readFaults = [
  { kind: "tooOld", fdbCode: 1007 },
  { kind: "futureVersion", fdbCode: 1009 },
  { kind: "processBehind", fdbCode: 1037 },
  { kind: "timeout", fdbCode: 1031 },
] as const satisfies readonly { kind: FaultKind; fdbCode: number }[];
