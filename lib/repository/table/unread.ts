/** What could not be read: gathered while a call passes over it, and told once the reading is over. */
import { type CodedError, isTenantryError } from "../../errors/index.js";
import { assertFunctionIfGiven } from "../../options/index.js";
import { isAboutRecord, type RecordError } from "../../records/index.js";
import type { PassOverOptions, UnreadableRecord } from "../interface/unreadable.js";

type PassableError = RecordError | CodedError<"INDEX_CORRUPT">;

/** What stands in the place of a record that cannot be read. */
export class Unreadable {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** The records passed over by one attempt to read. */
export class Unread {
  readonly #tell: (record: UnreadableRecord) => unknown;
  #records: UnreadableRecord[] = [];

  constructor(tell: (record: UnreadableRecord) => unknown) {
    this.#tell = tell;
  }

  /** Forgets what an earlier attempt passed over. */
  restart(): void {
    this.#records = [];
  }

  /** Whether an error is about one record, so that others can be read. */
  static mayPass(error: unknown): error is PassableError {
    return isAboutRecord(error) || isTenantryError(error, "INDEX_CORRUPT");
  }

  /** Passes over a record of `entity` whose reading threw `error`; rethrows what is about anything else. */
  pass(entity: string, error: unknown): void {
    if (!Unread.mayPass(error)) throw error;
    this.#records.push({ entity, id: error.details.id, error });
  }

  /** How many it has passed over. */
  get count(): number {
    return this.#records.length;
  }

  /** Forgets all but the first: others are for whoever reads on. */
  keep(count: number): void {
    this.#records.length = count;
  }

  /** Tells of them all, one after another. */
  async tell(): Promise<void> {
    const records = this.#records;
    this.#records = [];
    for (const record of records) await this.#tell(record);
  }
}

/** What gathers for a caller who asked to be told; undefined for one who did not. @throws FUNCTION_INVALID */
export function unreadFor(tell: PassOverOptions["onUnreadable"]): Unread | undefined {
  assertFunctionIfGiven(tell, "onUnreadable");
  return tell === undefined ? undefined : new Unread(tell);
}
