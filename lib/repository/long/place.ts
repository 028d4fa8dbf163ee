/** The place that long work has come to, and its stored form under the work's name. */
import { tenantryError } from "../../errors/index.js";
import { workPlaceKey } from "../../keyspace/index.js";
import { workNameBytesMax } from "../../limits/index.js";
import type { TenantTransaction } from "../../transaction/index.js";
import { equalBytes, pack, type TupleElement, unpack } from "../../tuple/index.js";
import type { WorkProgress } from "../interface/long-work.js";
import type { PlannedQuery } from "../query-plan.js";

/** How far the work has come, and behind which key it goes on. */
export interface Place extends WorkProgress {
  /** The last key gone through, of the records or the index; undefined at the beginning. */
  readonly last: Uint8Array | undefined;
}

const beginning: Place = { last: undefined, examined: 0, changed: 0, done: false };

/** The formats of stored places there have been. 1: `(1, operation, query, last, examined, changed, done)`. */
const format = 1;

/** Where the places of one call of long work are kept. */
export interface PlaceKeeper {
  /** The place to go on from; in the stored form it is read, and so conflicted on, by the batch that leaves it. */
  load(transaction: TenantTransaction): Promise<Place>;
  /** Keeps the place in the batch's own transaction. */
  store(transaction: TenantTransaction, place: Place): void;
  /** Told of the place once it is committed. */
  reached(place: Place): void;
}

/** The place of work without a name: it ends with the call. */
export class PassingPlace implements PlaceKeeper {
  #place = beginning;

  async load(): Promise<Place> {
    return this.#place;
  }

  store(): void {}

  reached(place: Place): void {
    this.#place = place;
  }
}

/** What work is told from other work by. */
export interface WorkIdentity {
  readonly entity: string;
  readonly operation: string;
  readonly planned: PlannedQuery;
}

/** The place of work with a name, kept in the tenant. */
export class NamedPlace implements PlaceKeeper {
  readonly #identity: WorkIdentity;
  readonly #key: Uint8Array;
  readonly #query: Uint8Array;

  /** @throws `WORK_NAME_INVALID` */
  constructor(identity: WorkIdentity, name: string) {
    const { range, reverse } = identity.planned;
    this.#identity = identity;
    this.#key = workKey(identity.entity, name);
    this.#query = pack([range.begin, range.end, reverse]);
  }

  async load(transaction: TenantTransaction): Promise<Place> {
    const bytes = await transaction.get(this.#key);
    return bytes === undefined ? beginning : this.#decode(bytes);
  }

  store(transaction: TenantTransaction, { last, examined, changed, done }: Place): void {
    const { operation } = this.#identity;
    const place: TupleElement[] = [format, operation, this.#query, last ?? null, examined, changed, done];
    transaction.set(this.#key, pack(place));
  }

  reached(): void {}

  #decode(bytes: Uint8Array): Place {
    const { entity } = this.#identity;
    const [found, operation, query, last, examined, changed, done] = unpack(bytes);
    if (
      found !== format ||
      !(query instanceof Uint8Array && (last === null || last instanceof Uint8Array)) ||
      !(typeof examined === "number" && typeof changed === "number" && typeof done === "boolean")
    ) {
      throw tenantryError("WORK_PLACE_CORRUPT", { entity });
    }
    if (operation !== this.#identity.operation || !equalBytes(query, this.#query)) {
      throw tenantryError("WORK_NAME_TAKEN", { entity });
    }
    return { last: last ?? undefined, examined, changed, done };
  }
}

/**
 * The key of the place of an entity's work with a name.
 *
 * @throws `WORK_NAME_INVALID`
 */
export function workKey(entity: string, name: string): Uint8Array {
  const isName =
    typeof name === "string" &&
    name.length > 0 &&
    !/\p{Surrogate}/u.test(name) &&
    Buffer.byteLength(name) <= workNameBytesMax;
  if (!isName) throw tenantryError("WORK_NAME_INVALID", { entity, workNameBytesMax });
  return workPlaceKey(entity, name);
}
