/** The inside of a tenant: which integer holds what, and the tenant-relative keys of each part. */
import { concatBytes, pack, type TupleElement, TupleReader, tupleRange } from "../tuple/index.js";
import type { KeyRange } from "./tenant-range.js";

/**
 * What stands where a record has its entity's name: an integer, so that records and the rest can never collide.
 * The numbers are stored: none is ever changed or used again.
 */
export const subspaces = {
  indexes: 1,
  feed: 2,
  usage: 3,
  sessions: 4,
  schema: 5,
  chunks: 6,
  /** Markers that settle the unknown outcome of an attempt. */
  attempts: 7,
  /** Results under callers' idempotency keys. */
  idempotency: 8,
  /** Counts and sums of records. */
  aggregates: 9,
  /** Records by the time they expire at. */
  expiry: 10,
  /** How far long work has come. */
  progress: 11,
  /** Who belongs to the tenant, and in which roles. */
  members: 12,
  /** The key of audit digests, which an erasure destroys. */
  auditKey: 13,
} as const;

/** The number of one of a tenant's subspaces. */
export type Subspace = (typeof subspaces)[keyof typeof subspaces];

/** What all keys of a subspace begin with, and of the part of it that `elements` name. */
export const subspacePrefix = (subspace: Subspace, ...elements: readonly TupleElement[]): Uint8Array =>
  pack([subspace, ...elements]);

/** The keys of a subspace, or of the part of it that `elements` name. */
export const subspaceRange = (subspace: Subspace, ...elements: readonly TupleElement[]): KeyRange =>
  tupleRange(pack([subspace, ...elements]));

/** What all keys of an entity's records begin with: `(entity)`; the packed id follows. */
export const recordPrefix = (entity: string): Uint8Array => pack([entity]);

/** Where all records of a tenant lie, those of every entity: a string is the first element of their keys, and of no others. */
export const allRecordsRange: KeyRange = { begin: Uint8Array.of(0x02), end: Uint8Array.of(0x03) };

/** The entity that a record's key names. */
export const entityOfRecordKey = (key: Uint8Array): string => new TupleReader(key).string();

/** What all entries of an index begin with: `(1, entity, index)`; the packed values and the id follow. */
export const indexPrefix = (entity: string, index: string): Uint8Array => pack([subspaces.indexes, entity, index]);

/** What all entries of the change feed of one incarnation begin with: `(2, incarnation)`; versionstamps follow. */
export const feedPrefix = (incarnation: number): Uint8Array => pack([subspaces.feed, incarnation]);

/** What the chunks of one large record begin with: `(6, entity, id…)`, `id` being packed; their numbers follow. */
export const chunkPrefix = (entity: string, id: Uint8Array): Uint8Array =>
  concatBytes(pack([subspaces.chunks, entity]), id);

/** A chunk of a large record: `(6, entity, id…, n)`. */
export const chunkKey = (entity: string, id: Uint8Array, n: number): Uint8Array =>
  concatBytes(chunkPrefix(entity, id), pack([n]));

/** What stands behind `(9, ` and says what is counted there. Stored: none is ever changed or used again. */
const aggregateKinds = { groups: 1, counters: 2, counted: 3 } as const;

/** What all groups of an aggregate begin with: `(9, 1, entity, aggregate)`; the packed values follow. */
export const aggregatePrefix = (entity: string, aggregate: string): Uint8Array =>
  pack([subspaces.aggregates, aggregateKinds.groups, entity, aggregate]);

/** What all groups of an aggregate that is being counted anew begin with: `(9, 3, entity, aggregate)`; as above. */
export const countedPrefix = (entity: string, aggregate: string): Uint8Array =>
  pack([subspaces.aggregates, aggregateKinds.counted, entity, aggregate]);

/** What the counters of a record begin with: `(9, 2, entity, id…)`, `id` being packed; their names follow. */
export const counterPrefix = (entity: string, id: Uint8Array): Uint8Array =>
  concatBytes(pack([subspaces.aggregates, aggregateKinds.counters, entity]), id);

/** A record in the queue of those that expire: `(10, time, entity, id…)`, the time in ms since 1970. */
export const expiryKey = (time: number, entity: string, id: Uint8Array): Uint8Array =>
  concatBytes(pack([subspaces.expiry, time, entity]), id);

/** The records of the queue that expire up to `time`. */
export const expiryUntil = (time: number): KeyRange => bucketsBefore(subspaces.expiry, time + 1);

/** What a tenant's schema state for one entity begins with: `(5, entity)`. */
export const schemaPrefix = (entity: string): Uint8Array => pack([subspaces.schema, entity]);

/** How far the count of an entity's aggregates has come: `(5, entity, "count")`. */
export const countPlaceKey = (entity: string): Uint8Array => pack([subspaces.schema, entity, "count"]);

/**
 * How far the work with a name on an entity's records has come: `(11, "work", entity, name)`, and `(11, "work", entity,
 * name, subject)` for work on somebody's behalf, `subject` being a digest.
 */
export const workPlaceKey = (entity: string, name: string, subject?: Uint8Array | undefined): Uint8Array =>
  pack([subspaces.progress, "work", entity, name, ...(subject === undefined ? [] : [subject])]);

/** The time bucket of `at`: whole widths since 1970, both in milliseconds. */
export const timeBucket = (at: number, widthMs: number): number => Math.floor(at / widthMs);

/** The marker of an attempt: `(7, bucket, token)`. */
export const attemptMarkerKey = (bucket: number, token: Uint8Array): Uint8Array =>
  pack([subspaces.attempts, bucket, token]);

/** All markers of attempts in buckets before `bucket`. */
export const attemptMarkersBefore = (bucket: number): KeyRange => bucketsBefore(subspaces.attempts, bucket);

/**
 * The result kept under a caller's idempotency key: `(8, bucket, key)`, and `(8, bucket, key, subject)` for a call on
 * somebody's behalf, `subject` being a digest.
 */
export const idempotencyMarkerKey = (bucket: number, key: string, subject?: Uint8Array | undefined): Uint8Array =>
  pack([subspaces.idempotency, bucket, key, ...(subject === undefined ? [] : [subject])]);

/** All results under idempotency keys in buckets before `bucket`. */
export const idempotencyMarkersBefore = (bucket: number): KeyRange => bucketsBefore(subspaces.idempotency, bucket);

const bucketsBefore = (subspace: Subspace, bucket: number): KeyRange => ({
  begin: subspaceRange(subspace).begin,
  end: pack([subspace, bucket]),
});

/** How far a seed of the tenant has come: `(11, "seed", name)`. */
export const seedKey = (name: string): Uint8Array => pack([subspaces.progress, "seed", name]);

/** The secret of the tenant's audit digests: `(13, 1)`. */
export const auditSecretKey = (): Uint8Array => pack([subspaces.auditKey, 1]);
