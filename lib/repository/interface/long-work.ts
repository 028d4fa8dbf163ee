/** Work on more records than one transaction takes, as users see it: what it reads, its name, its progress. */
import { optionNames } from "../../options/index.js";
import type { AnyEntity } from "../../schema/index.js";
import type { QueryRange } from "../query.js";
import type { OperationOptions } from "./options.js";
import type { PassOverOptions } from "./unreadable.js";

/**
 * The records that long work goes through: one range of the ids or of an index, from one end or the other.
 *
 * @example
 * ```ts
 * import { entity, type WorkQuery } from "tenantry";
 * import { z } from "zod";
 * const Order = entity("order", {
 *   version: 1,
 *   schema: z.object({ id: z.int(), state: z.enum(["open", "paid"]) }),
 *   id: ["id"],
 *   indexes: { byState: { fields: ["state"] } },
 * });
 * const open: WorkQuery<typeof Order> = { index: "byState", equals: "open" };
 * ```
 */
export type WorkQuery<E extends AnyEntity> = QueryRange<E> & {
  /** Goes through the range from its end. */
  readonly reverse?: boolean | undefined;
};

/**
 * How far long work has come.
 *
 * @example
 * ```ts
 * import type { WorkProgress } from "tenantry";
 * const print = ({ examined, changed, done }: WorkProgress) =>
 *   console.log(`${changed} of ${examined} changed${done ? "" : " so far"}`);
 * ```
 */
export interface WorkProgress {
  /** Records gone through, by all runs of the work's name together. */
  readonly examined: number;
  /** Records changed or deleted, by all runs of the work's name together. */
  readonly changed: number;
  /** Whether the range's end was reached. */
  readonly done: boolean;
}

/**
 * What long work takes besides its query.
 *
 * @example
 * ```ts
 * import type { WorkOptions } from "tenantry";
 * declare const shutdown: AbortController;
 * const options: WorkOptions = {
 *   name: "round-prices-2026",
 *   signal: shutdown.signal,
 *   onProgress: ({ examined }) => console.info({ examined }),
 * };
 * ```
 */
export interface WorkOptions extends OperationOptions, PassOverOptions {
  /**
   * A name for the work, of its entity in this tenant, and of its subject for a handle with a context: how far it has
   * come is stored under it with each batch. Work that ended early (a crash, an error, a signal) goes on from there when
   * it is called again with the name and the same query, also with a function that was mended; work that was done
   * changes nothing more, and is refused with another function. Several processes may run it at once. At most
   * `workNameBytesMax` (255) bytes of well-formed text.
   */
  readonly name?: string | undefined;
  /**
   * What tells the function of named work from others once the work is done: its source text, unless given. To be given
   * where finished work is called again by programs whose text differs, as bundlers make it. Text as a name is.
   */
  readonly version?: string | undefined;
  /** Called after each batch is committed, which waits for it. What it throws ends the work there. */
  readonly onProgress?: ((progress: WorkProgress) => unknown) | undefined;
}

export const workNames = optionNames<WorkOptions>({
  signal: true,
  name: true,
  version: true,
  onProgress: true,
  onUnreadable: true,
});

/**
 * How far a long scan has come.
 *
 * @example
 * ```ts
 * import type { ScanProgress } from "tenantry";
 * const print = ({ records }: ScanProgress) => console.log(`${records} records`);
 * ```
 */
export interface ScanProgress {
  /** Records handed out and gone through. */
  readonly records: number;
  /** Whether there are no more. */
  readonly done: boolean;
}

/**
 * What a long scan takes besides its query.
 *
 * @example
 * ```ts
 * import type { ScanOptions } from "tenantry";
 * const options: ScanOptions = { onProgress: ({ records }) => console.info({ records }) };
 * ```
 */
export interface ScanOptions {
  /** Called after each batch has been gone through, which waits for it. What it throws ends the scan. */
  readonly onProgress?: ((progress: ScanProgress) => unknown) | undefined;
}

export const scanNames = optionNames<ScanOptions>({ onProgress: true });
