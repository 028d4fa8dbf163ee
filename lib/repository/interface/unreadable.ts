/** Records that a call passes over because they cannot be read, as users see them. */
import type { CodedError } from "../../errors/index.js";

/**
 * A record that was passed over: its row is damaged, or written by another program; or an index entry that leads to no
 * record.
 *
 * @example
 * ```ts
 * import { entity, type TenantRepository, type UnreadableRecord } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 * declare const cities: TenantRepository<typeof City>;
 * const lost: UnreadableRecord[] = [];
 * const rest = await cities.list({ onUnreadable: (record) => lost.push(record) });
 * for (const { id, error } of lost) console.error(`city ${id} left out: ${error.code}`);
 * ```
 */
export interface UnreadableRecord {
  /** The entity's name. */
  readonly entity: string;
  /** The record's id, as `formatId` writes it; undefined when what leads to it names none. */
  readonly id: string | undefined;
  /** What reading it throws. */
  readonly error: CodedError;
}

/**
 * Who is told of records that are passed over.
 *
 * @example
 * ```ts
 * import type { PassOverOptions } from "tenantry";
 * const logged: PassOverOptions = { onUnreadable: ({ entity, id }) => console.error(`${entity} ${id} left out`) };
 * ```
 */
export interface PassOverOptions {
  /**
   * Told of each record that cannot be read, which is then left out. Without it, the first one is an error
   * (`VALUE_CORRUPT` and the like, or `INDEX_CORRUPT`). The call waits for it; what it throws ends the call.
   */
  readonly onUnreadable?: ((record: UnreadableRecord) => unknown) | undefined;
}
