/** The place that long work has come to, and its stored form under the work's name. */
import { createHash } from "node:crypto";
import { tenantryError } from "../../errors/index.js";
import { workPlaceKey } from "../../keyspace/index.js";
import { workNameBytesMax } from "../../limits/index.js";
import { isBoundedText, subjectDigest } from "../../tenant/index.js";
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

/**
 * The formats of stored places there have been.
 *
 * 1: `(1, operation, query, last, examined, changed, done)`
 * 2: `(2, operation, query, last, examined, changed, done, function)`
 */
const formats = { anyFunction: 1, current: 2 } as const;

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
  /** On whose behalf; undefined for the program itself. */
  readonly subject: string | undefined;
  /** What decides about each record. */
  readonly fn: (...args: never) => unknown;
  /** What stands for the function; undefined for its source text. */
  readonly version: string | undefined;
}

/** The place of work with a name, kept in the tenant. */
export class NamedPlace implements PlaceKeeper {
  readonly #identity: WorkIdentity;
  readonly #key: Uint8Array;
  readonly #query: Uint8Array;
  readonly #function: Uint8Array;

  /** @throws `WORK_NAME_INVALID` */
  constructor(identity: WorkIdentity, name: string) {
    const { range, reverse } = identity.planned;
    this.#identity = identity;
    this.#key = workKey(identity, name);
    this.#query = pack([range.begin, range.end, reverse]);
    this.#function = functionDigest(identity);
  }

  async load(transaction: TenantTransaction): Promise<Place> {
    const bytes = await transaction.get(this.#key);
    return bytes === undefined ? beginning : this.#decode(bytes);
  }

  store(transaction: TenantTransaction, { last, examined, changed, done }: Place): void {
    const { operation } = this.#identity;
    const place: TupleElement[] = [operation, this.#query, last ?? null, examined, changed, done, this.#function];
    transaction.set(this.#key, pack([formats.current, ...place]));
  }

  reached(): void {}

  #decode(bytes: Uint8Array): Place {
    const { entity } = this.#identity;
    const [format, operation, query, last, examined, changed, done, fn] = unpack(bytes);
    const isOfFormat = format === formats.anyFunction || (format === formats.current && fn instanceof Uint8Array);
    if (
      !isOfFormat ||
      !(query instanceof Uint8Array && (last === null || last instanceof Uint8Array)) ||
      !(typeof examined === "number" && typeof changed === "number" && typeof done === "boolean")
    ) {
      throw tenantryError("WORK_PLACE_CORRUPT", { entity });
    }
    if (operation !== this.#identity.operation)
      throw tenantryError("WORK_NAME_TAKEN", { entity, differs: "operation" });
    if (!equalBytes(query, this.#query)) throw tenantryError("WORK_NAME_TAKEN", { entity, differs: "query" });
    // Work that is under way may go on with a function that was mended; of finished work, another one did nothing.
    if (done && fn instanceof Uint8Array && !equalBytes(fn, this.#function)) {
      throw tenantryError("WORK_NAME_TAKEN", { entity, differs: "function" });
    }
    return { last: last ?? undefined, examined, changed, done };
  }
}

/** What the key of a place is made of besides the work's name. */
type PlaceOwner = Pick<WorkIdentity, "entity" | "subject">;

/**
 * The key of the place of an entity's work with a name, which is everybody's own.
 *
 * @throws `WORK_NAME_INVALID`
 */
export function workKey({ entity, subject }: PlaceOwner, name: string): Uint8Array {
  if (!isBoundedText(name, workNameBytesMax)) throw tenantryError("WORK_NAME_INVALID", { entity, workNameBytesMax });
  return workPlaceKey(entity, name, subject === undefined ? undefined : subjectDigest(subject));
}

/** What is kept of a function: the first sixteen bytes of the SHA-256 of its version, or of its text. */
function functionDigest({ entity, fn, version }: WorkIdentity): Uint8Array {
  if (version !== undefined && !isBoundedText(version, workNameBytesMax)) {
    throw tenantryError("WORK_NAME_INVALID", { entity, workNameBytesMax });
  }
  // Its own toString could say anything.
  const text = version === undefined ? `text ${Function.prototype.toString.call(fn)}` : `version ${version}`;
  return new Uint8Array(createHash("sha256").update(text).digest().subarray(0, 16));
}
