/** Markers used again: whose keys, how many, and when old ones go. */
import { describe, expect, test } from "vitest";
import type { EngineTransaction } from "../../../lib/engine/index.js";
import { TenantGuard } from "../../../lib/guard/index.js";
import { attemptMarkerKey, idempotencyMarkerKey, Keyspace } from "../../../lib/keyspace/index.js";
import {
  attemptMarkerBucketMs,
  attemptMarkerBucketsKept,
  attemptMarkersHeldMax,
  idempotencyBucketMs,
} from "../../../lib/limits/index.js";
import { systemRandom } from "../../../lib/observe/index.js";
import { newTenantId } from "../../../lib/tenant/index.js";
import {
  controlMarkers,
  idempotencyMarker,
  type MarkerPlace,
  MarkerSlots,
  tenantMarkers,
} from "../../../lib/transaction/run/marker-slots.js";
import { arrayEngine } from "../../engine/array-engine.js";

const keyspace = new Keyspace();
const range = keyspace.tenant(newTenantId());
const guard = new TenantGuard(range);
const hour = 470_000;
const begun = hour * attemptMarkerBucketMs;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** A place that says when it is swept. */
function place(): MarkerPlace & { readonly swept: number[] } {
  const swept: number[] = [];
  return { ...tenantMarkers(guard), swept, sweep: (_engine, now) => void swept.push(now) };
}

describe("slots", () => {
  test("give the key of a run that is over to the next, within the hour", () => {
    const slots = new MarkerSlots(place(), systemRandom);
    const first = slots.take(begun);
    const second = slots.take(begun);
    expect(hex(first.key)).not.toBe(hex(second.key));
    slots.free(first, begun);
    expect(slots.take(begun + attemptMarkerBucketMs - 1).key).toBe(first.key);
    slots.free(second, begun);
    const later = slots.take(begun + attemptMarkerBucketMs);
    expect(hex(later.key)).not.toBe(hex(second.key));
    expect(
      hex(later.key).startsWith(hex(range.absolute(attemptMarkerKey(hour + 1, new Uint8Array())).slice(0, -2))),
    ).toBe(true);
    // What was taken an hour ago is of no use any more, nor what an hour ahead of the current one.
    slots.free(first, begun);
    expect(slots.take(begun + attemptMarkerBucketMs).key).not.toBe(first.key);
  });

  test("hold so many keys and no more", () => {
    const slots = new MarkerSlots(place(), systemRandom);
    const taken = Array.from({ length: attemptMarkersHeldMax + 2 }, () => slots.take(begun));
    for (const marker of taken) slots.free(marker, begun);
    const again = new Set(Array.from({ length: attemptMarkersHeldMax + 2 }, () => slots.take(begun).key));
    expect(taken.filter(({ key }) => again.has(key))).toHaveLength(attemptMarkersHeldMax);
  });

  test("sweep once in each hour along with a write", () => {
    const swept = place();
    const slots = new MarkerSlots(swept, systemRandom);
    const engine = arrayEngine().begin();
    const times = [0, 1, attemptMarkerBucketMs - 1, attemptMarkerBucketMs, attemptMarkerBucketMs + 1];
    for (const time of times) slots.sweepIfDue(engine, begun + time);
    expect(swept.swept).toEqual([begun, begun + attemptMarkerBucketMs]);
  });
});

describe("a sweep", () => {
  const rowsAfter = async (kept: MarkerPlace, keys: Uint8Array[], now: number): Promise<string[]> => {
    const engine = arrayEngine();
    const writing = engine.begin();
    for (const key of keys) writing.set(key, Uint8Array.of(1));
    await writing.commit();
    const sweeping = engine.begin();
    kept.sweep(sweeping, now);
    await sweeping.commit();
    const reading: EngineTransaction = engine.begin();
    const values = await Promise.all(keys.map((key) => reading.get(key)));
    return keys.filter((_, at) => values[at] !== undefined).map(hex);
  };
  const token = new Uint8Array(16).fill(0xff);

  test("of a tenant clears attempts of before the last hours and results of before the last days, and nothing else", async () => {
    const day = Math.floor(begun / idempotencyBucketMs);
    const attempts = [0, 1, 2, 3, 4].map((ago) => range.absolute(attemptMarkerKey(hour - ago, token)));
    const results = [-1, 0, 1, 2, 3, 4].map((ago) => range.absolute(idempotencyMarkerKey(day - ago, "k")));
    const record = range.absolute(Uint8Array.of(2, 0x61, 0));
    const left = await rowsAfter(tenantMarkers(guard), [...attempts, ...results, record], begun);
    expect(left).toEqual([...attempts.slice(0, attemptMarkerBucketsKept + 1), ...results.slice(0, 4), record].map(hex));
  });

  test("of the control plane clears its old markers, and nothing else", async () => {
    const { control } = keyspace;
    const markers = [0, 1, 2, 3, 9].map((ago) => control.markerKey(hour - ago, token));
    const rest = [control.metaKey("format"), control.registryKey(newTenantId())];
    const left = await rowsAfter(controlMarkers(control), [...markers, ...rest], begun);
    expect(left).toEqual([...markers.slice(0, attemptMarkerBucketsKept + 1), ...rest].map(hex));
    expect(controlMarkers(control).attemptKey(hour, token)).toEqual(control.markerKey(hour, token));
  });
});

test("the marker of an idempotency key lies in its day, and looks at the days beside", async () => {
  const day = 19_000;
  const random = { fraction: () => 0, bytes: (length: number) => new Uint8Array(length).fill(length) };
  const marker = idempotencyMarker(guard, { key: "k", subject: undefined }, (day + 0.5) * idempotencyBucketMs, random);
  const at = (bucket: number): Uint8Array => range.absolute(idempotencyMarkerKey(bucket, "k"));
  expect(marker.key).toEqual(at(day));
  const asked: string[] = [];
  const engine = arrayEngine().begin();
  const watched = new Proxy(engine, {
    get: (_, name) =>
      name === "get"
        ? (key: Uint8Array) => {
            asked.push(hex(key));
            return engine.get(key);
          }
        : Reflect.get(engine, name, engine),
  });
  await marker.find(watched);
  expect(asked.sort()).toEqual([at(day - 1), at(day), at(day + 1)].map(hex).sort());
});
