/** Markers of one tenant that are used again: as many keys as transactions ran at once, not one per transaction. */
import type { EngineTransaction } from "../../engine/index.js";
import type { TenantGuard } from "../../guard/index.js";
import {
  attemptMarkerKey,
  attemptMarkersBefore,
  type ControlKeys,
  idempotencyMarkerKey,
  idempotencyMarkersBefore,
  timeBucket,
} from "../../keyspace/index.js";
import {
  attemptMarkerBucketMs,
  attemptMarkerBucketsKept,
  attemptMarkersHeldMax,
  idempotencyBucketMs,
  idempotencyBucketsKept,
} from "../../limits/index.js";
import type { Random } from "../../observe/index.js";
import { subjectDigest } from "../../tenant/index.js";
import { Marker, runIdBytes } from "./marker.js";

/** The markers of one place: a tenant, or the control plane. */
export interface MarkerPlace {
  /** The physical key of an attempt's marker. */
  attemptKey(bucket: number, token: Uint8Array): Uint8Array;
  /** Clears what `now`, in milliseconds since 1970, leaves no use for. */
  sweep(engine: EngineTransaction, now: number): void;
}

/** The place of a tenant's markers: inside the tenant, so that they are erased with it. */
export const tenantMarkers = (guard: TenantGuard): MarkerPlace => ({
  attemptKey: (bucket, token) => guard.key(attemptMarkerKey(bucket, token), "set"),
  sweep(engine, now) {
    for (const range of [
      attemptMarkersBefore(timeBucket(now, attemptMarkerBucketMs) - attemptMarkerBucketsKept),
      idempotencyMarkersBefore(timeBucket(now, idempotencyBucketMs) - idempotencyBucketsKept),
    ]) {
      const { begin, end } = guard.range(range, "clearRange");
      engine.clearRange(begin, end);
    }
  },
});

/** The place of the control plane's markers, also of what erases a tenant. */
export const controlMarkers = (control: ControlKeys): MarkerPlace => ({
  attemptKey: (bucket, token) => control.markerKey(bucket, token),
  sweep(engine, now) {
    const { begin, end } = control.markersBefore(timeBucket(now, attemptMarkerBucketMs) - attemptMarkerBucketsKept);
    engine.clearRange(begin, end);
  },
});

/** A caller's idempotency key: everybody's own, so that nobody is given what another one's call came to. */
export interface IdempotencyKey {
  readonly key: string;
  /** On whose behalf the call is; undefined for the program itself. */
  readonly subject: string | undefined;
  /** What tells the requests under it apart. */
  readonly print?: Uint8Array | undefined;
}

/** The marker of a caller's idempotency key in a tenant. */
export function idempotencyMarker(
  guard: TenantGuard,
  { key, subject, print }: IdempotencyKey,
  now: number,
  random: Random,
): Marker {
  const bucket = timeBucket(now, idempotencyBucketMs);
  const whose = subject === undefined ? undefined : subjectDigest(subject);
  const at = (b: number): Uint8Array => guard.key(idempotencyMarkerKey(b, key, whose), "set");
  // The next bucket too: another process's clock may be a little ahead.
  return new Marker(at(bucket), random.bytes(runIdBytes), [at(bucket - 1), at(bucket + 1)], print);
}

/**
 * Hands out markers. The key of a run that is over serves the next: every run writes its own id there, so a marker
 * is never mistaken for another run's.
 */
export class MarkerSlots {
  readonly #place: MarkerPlace;
  readonly #random: Random;
  #bucket = Number.NaN;
  #free: Uint8Array[] = [];
  #sweptBucket = Number.NaN;

  constructor(place: MarkerPlace, random: Random) {
    this.#place = place;
    this.#random = random;
  }

  /** A marker for one run. */
  take(now: number): Marker {
    const bucket = timeBucket(now, attemptMarkerBucketMs);
    if (bucket !== this.#bucket) {
      this.#bucket = bucket;
      this.#free = [];
    }
    const key = this.#free.pop() ?? this.#place.attemptKey(bucket, this.#random.bytes(runIdBytes));
    return new Marker(key, this.#random.bytes(runIdBytes));
  }

  /** Gives back a marker taken at `takenAt`. */
  free(marker: Marker, takenAt: number): void {
    const current = timeBucket(takenAt, attemptMarkerBucketMs) === this.#bucket;
    if (current && this.#free.length < attemptMarkersHeldMax) this.#free.push(marker.key);
  }

  /** Clears old markers along with a transaction that writes, once per process and bucket. */
  sweepIfDue(engine: EngineTransaction, now: number): void {
    const bucket = timeBucket(now, attemptMarkerBucketMs);
    if (bucket === this.#sweptBucket) return;
    this.#sweptBucket = bucket;
    this.#place.sweep(engine, now);
  }
}
