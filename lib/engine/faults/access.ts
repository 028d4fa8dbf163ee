/** What a recording engine writes down: which physical keys were touched, and how. */

/**
 * How keys were touched: `asked` by a read, `returned` by one, `written`, `watched`, or put under a conflict
 * (`readConflict`, `writeConflict`): by a read or write itself, or by a call that only adds the conflict.
 *
 * @example
 * ```ts
 * import type { Access, AccessKind } from "tenantry/testing";
 * const of = (accesses: readonly Access[], kind: AccessKind): readonly Access[] =>
 *   accesses.filter((access) => access.kind === kind);
 * ```
 */
export type AccessKind = "asked" | "returned" | "written" | "watched" | "readConflict" | "writeConflict";

/**
 * One touch of the keys from `begin` (inclusive) to `end` (exclusive); of a single key when `end` is absent.
 *
 * @example
 * ```ts
 * import type { Access } from "tenantry/testing";
 * const print = ({ operation, kind, begin }: Access): string =>
 *   `${operation} ${kind} ${Buffer.from(begin).toString("hex")}`;
 * ```
 */
export interface Access {
  /** Which transaction of the engine, counted from 1 in the order they began. */
  readonly transaction: number;
  /** The engine call, as it is named in the port. */
  readonly operation: string;
  readonly kind: AccessKind;
  readonly begin: Uint8Array;
  readonly end: Uint8Array | undefined;
}
