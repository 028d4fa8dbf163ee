/** What verifying finds, as users see it. */
import type { AggregateDefect, CounterDefect } from "../../aggregates/index.js";
import type { ErrorCode } from "../../errors/index.js";
import type { IndexDefect } from "../../indexes/index.js";
import type { ChunkDefect, ExpiryDefect } from "../../records/index.js";
import type { AnyEntity, IdOf } from "../../schema/index.js";

/**
 * What is wrong with what is under a record's key: `damaged`, it is no record any more; `unknown`, it is none that this
 * program can read, but perhaps another's; `misplaced`, a record with another id; `unfit`, a record with values that its
 * entity's schema, an index or an aggregate has no place for.
 *
 * @example
 * ```ts
 * import type { AnyEntity, RecordDefect } from "tenantry";
 * const describe = ({ kind, id, code }: RecordDefect<AnyEntity>): string => `${String(id)} is ${kind}: ${code}`;
 * ```
 */
export interface RecordDefect<E extends AnyEntity> {
  readonly part: "record";
  readonly index?: undefined;
  readonly kind: "damaged" | "unknown" | "misplaced" | "unfit";
  /** The id in the key; undefined when that is no id of the entity. */
  readonly id: IdOf<E> | undefined;
  /** The code of the error that reading it throws; undefined when it can be read. */
  readonly code: ErrorCode | undefined;
}

/**
 * What `verify` finds: a defect of a record, of an index, which it names, of the chunks of a large record, of an
 * aggregate, of counters, or of the queue of records that expire.
 *
 * @example
 * ```ts
 * import type { AnyEntity, Defect } from "tenantry";
 * const where = (defect: Defect<AnyEntity>): string =>
 *   defect.index === undefined ? `${defect.part} of ${String(defect.id)}` : `index ${defect.index}`;
 * ```
 */
export type Defect<E extends AnyEntity> =
  | RecordDefect<E>
  | IndexDefect<E>
  | ChunkDefect<E>
  | AggregateDefect
  | CounterDefect<E>
  | ExpiryDefect<E>;
