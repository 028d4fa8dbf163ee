/** Pages: some rows of a range around a cut, and the sealed cursors of their neighbours. */
import { tenantryError } from "../errors/index.js";
import { pageSizeMax } from "../limits.js";
import type { AnyEntity } from "../schema/index.js";
import type { ReadTransactionOptions } from "../transaction/index.js";
import { keyAfter, pack } from "../tuple/index.js";
import type { CursorBinding, CursorDirection, CursorSeal } from "./cursor.js";
import type { Page } from "./query.js";
import type { PlannedQuery } from "./query-plan.js";
import { firstRows, type RecordTable } from "./record-table.js";
import type { TenantReader } from "./tenant-reader.js";

/** Which page of a range is wanted. */
export interface PageRequest {
  readonly planned: PlannedQuery;
  readonly size: number;
  readonly cursor: unknown;
  readonly principal: string | undefined;
}

/** Reads a page: one range read of one row more than its size tells whether there is another. */
export async function readPage<E extends AnyEntity, R>(
  table: RecordTable<E>,
  reader: TenantReader,
  seal: CursorSeal,
  { planned, size, cursor, principal }: PageRequest,
  options: ReadTransactionOptions,
): Promise<Page<R>> {
  const { range, reverse } = planned;
  if (!Number.isSafeInteger(size) || size < 1 || size > pageSizeMax) {
    throw tenantryError("PAGE_SIZE_INVALID", { size, pageSizeMax });
  }
  const binding: CursorBinding = {
    tenantId: reader.tenantId,
    principal,
    query: pack([range.begin, range.end, reverse]),
  };
  const position = cursor === undefined ? undefined : await seal.open(cursor, binding);
  const backwards = position?.direction === "previous";
  const descending = reverse !== backwards;
  const part = position === undefined ? range : { ...range, [descending ? "end" : "begin"]: position.cut };

  const { keys, records, more } = await reader.read(async (transaction) => {
    const rows = await firstRows(transaction, part, { limit: size + 1, reverse: descending });
    const own = rows.slice(0, size);
    return {
      keys: own.map(([key]) => key),
      records: await table.records<R>(transaction, planned, own),
      more: rows.length > size,
    };
  }, options);
  if (backwards) {
    keys.reverse();
    records.reverse();
  }

  const cursorAt = async (direction: CursorDirection): Promise<string | undefined> => {
    const key = direction === "next" ? keys.at(-1) : keys.at(0);
    const above = (direction === "next") !== reverse;
    const cut = key === undefined ? position?.cut : above ? keyAfter(key) : key;
    return cut === undefined ? undefined : seal.seal({ direction, cut }, binding);
  };
  return {
    items: records,
    next: backwards || more ? await cursorAt("next") : undefined,
    previous: (backwards ? more : position !== undefined) ? await cursorAt("previous") : undefined,
  };
}
