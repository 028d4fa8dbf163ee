/** The resolver against a list of all writes, and how it holds up under many. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Resolver } from "../../../lib/engine/embedded/commit/resolver.js";
import { VersionClock } from "../../../lib/engine/embedded/commit/version-clock.js";
import type { KeyRange } from "../../../lib/engine/embedded/store.js";
import { FakeTime } from "../../observe/fake-time.js";
import { ownTime } from "../../own-time.js";
import { runs } from "../../runs.js";

const keyArbitrary = fc.uint8Array({ maxLength: 2 }).map((key) => key.map((byte) => byte % 4));
const pointArbitrary = keyArbitrary.map((begin): KeyRange => ({ begin, end: Uint8Array.of(...begin, 0) }));
const rangeArbitrary = fc
  .tuple(keyArbitrary, keyArbitrary)
  .map(([a, b]): KeyRange => (Buffer.compare(a, b) <= 0 ? { begin: a, end: b } : { begin: b, end: a }));
const rangesArbitrary = fc.array(fc.oneof(pointArbitrary, rangeArbitrary), { maxLength: 4 });

const overlap = (a: KeyRange, b: KeyRange): boolean =>
  Buffer.compare(a.begin, b.end) < 0 &&
  Buffer.compare(b.begin, a.end) < 0 &&
  Buffer.compare(a.begin, a.end) < 0 &&
  Buffer.compare(b.begin, b.end) < 0;

const point = (n: number): KeyRange => {
  const begin = Buffer.alloc(20, 65);
  begin.writeUInt32BE(n, 12);
  return { begin, end: Buffer.concat([begin, Buffer.of(0)]) };
};

describe("the resolver", () => {
  test("finds the conflicts that a list of all writes shows", () => {
    const step = fc.record({ writes: rangesArbitrary, gap: fc.constantFrom(1, 1_000, 400_000, 1_500_000) });
    const query = fc.record({ reads: rangesArbitrary, age: fc.nat(12) });
    fc.assert(
      fc.property(fc.array(fc.tuple(step, query), { maxLength: 40 }), (steps) => {
        const resolver = new Resolver();
        const noted: { version: number; range: KeyRange }[] = [];
        const versions = [0];
        let version = 1_000;
        for (const [{ writes, gap }, { reads, age }] of steps) {
          version += gap;
          resolver.note(writes, version, version - 5_000_000);
          versions.push(version);
          noted.push(...writes.map((range) => ({ version, range })));
          const readVersion = versions.at(-1 - age) ?? version;
          if (readVersion < version - 5_000_000) continue;
          const expected = reads.some((read) =>
            noted.some((write) => write.version > readVersion && overlap(read, write.range)),
          );
          expect(resolver.conflicts(reads, readVersion)).toBe(expected);
        }
      }),
      { numRuns: runs(300) },
    );
  });

  test("keeps a hundred thousand keys and a wide range within microseconds each", () => {
    const resolver = new Resolver();
    const count = 100_000;
    let started = ownTime();
    for (let i = 0; i < count; i++) resolver.note([point((i * 7_919) % count)], 1_000 + i, 0);
    const noteMicros = ((ownTime() - started) * 1_000) / count;
    started = ownTime();
    let found = 0;
    for (let i = 0; i < 20_000; i++) {
      if (resolver.conflicts([point(i), { begin: point(i).begin, end: point(i + 500).begin }], 1_000 + count))
        found += 1;
      if (resolver.conflicts([point(count + i)], 1_000)) found += 1;
      if (!resolver.conflicts([{ begin: point(0).begin, end: point(count).end }], 998 + count)) found += 1;
    }
    const askMicros = ((ownTime() - started) * 1_000) / 60_000;
    expect(found).toBe(0);
    // Measured at 1 and 2; the bounds leave room for a busy machine.
    expect(noteMicros).toBeLessThan(50);
    expect(askMicros).toBeLessThan(100);
  });
});

describe("versions", () => {
  test("go on from the last one when the clock was set back, and count about a million a second", async () => {
    using time = new FakeTime();
    const ahead = (Date.now() + 3_600_000) * 1_000;
    const clock = new VersionClock(ahead);
    const first = clock.next();
    expect(first).toBeGreaterThan(ahead);
    await time.pass(50);
    const passed = clock.next() - first;
    expect(passed).toBeGreaterThanOrEqual(49_999);
    expect(passed).toBeLessThanOrEqual(50_001);
  });

  test("are never the same twice", () => {
    const clock = new VersionClock(0);
    let last = 0;
    for (let i = 0; i < 10_000; i++) {
      const version = clock.next();
      expect(version).toBeGreaterThan(last);
      expect(clock.now()).toBeGreaterThanOrEqual(version);
      last = clock.now();
    }
  });
});
