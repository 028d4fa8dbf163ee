/** Commits: what a batch leaves behind, how it is grouped, and that much work does not hold the event loop. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CombiningOp } from "../../../lib/engine/atomic-op.js";
import { applyAtomic } from "../../../lib/engine/embedded/atomic.js";
import type { CommitResult, Mutation } from "../../../lib/engine/embedded/store.js";
import { ownTime } from "../../own-time.js";
import { runs } from "../../runs.js";
import { blind, bytes, clear, contents, everything, openStore, set, snapshotOf } from "./temporary-store.js";

const keyArbitrary = fc.constantFrom("", "a", "aa", "ab", "b", "ba", "c", "d").map(bytes);
const valueArbitrary = fc.uint8Array({ maxLength: 6 });
const mutationArbitrary: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(keyArbitrary, valueArbitrary).map(([key, value]) => set(key, value)),
  keyArbitrary.map((key) => clear(key, Uint8Array.of(...key, 0))),
  fc.tuple(keyArbitrary, keyArbitrary).map(([a, b]) => (Buffer.compare(a, b) < 0 ? clear(a, b) : clear(b, a))),
  fc
    .tuple(
      fc.constantFrom<CombiningOp>("add", "max", "appendIfFits", "byteMin", "compareAndClear"),
      keyArbitrary,
      valueArbitrary,
    )
    .map(([op, key, operand]): Mutation => ({ type: "atomic", op, key, operand })),
  fc.tuple(keyArbitrary, fc.boolean()).map(([key, stampedKey]): Mutation => {
    const blank = (prefix: Uint8Array): Uint8Array =>
      Uint8Array.of(...prefix, ...new Uint8Array(10), prefix.length, 0, 0, 0);
    return stampedKey
      ? { type: "atomic", op: "setVersionstampedKey", key: blank(key), operand: bytes("k") }
      : { type: "atomic", op: "setVersionstampedValue", key, operand: blank(bytes("v")) };
  }),
);

/** One mutation after the other on a plain map. */
function apply(model: Map<string, string>, mutation: Mutation, { versionstamp }: CommitResult): void {
  const hex = (value: Uint8Array): string => Buffer.from(value).toString("hex");
  const stamped = (value: Uint8Array): Uint8Array => {
    const at = value[value.length - 4] ?? 0;
    return Uint8Array.of(...value.subarray(0, at), ...versionstamp, ...value.subarray(at + 10, value.length - 4));
  };
  if (mutation.type === "set") model.set(hex(mutation.key), hex(mutation.value));
  else if (mutation.type === "clearRange") {
    for (const key of [...model.keys()]) if (key >= hex(mutation.begin) && key < hex(mutation.end)) model.delete(key);
  } else if (mutation.op === "setVersionstampedKey") model.set(hex(stamped(mutation.key)), hex(mutation.operand));
  else if (mutation.op === "setVersionstampedValue") model.set(hex(mutation.key), hex(stamped(mutation.operand)));
  else {
    const existing = model.get(hex(mutation.key));
    const value = applyAtomic(
      mutation.op,
      existing === undefined ? undefined : Buffer.from(existing, "hex"),
      mutation.operand,
    );
    if (value === undefined) model.delete(hex(mutation.key));
    else model.set(hex(mutation.key), hex(value));
  }
}

describe("a batch", () => {
  test("leaves what its commits, one after the other, leave on a map", async () => {
    const store = await openStore();
    const model = new Map<string, string>();
    const padding = Array.from({ length: 4_100 }, (_, i) => set(bytes(`padding/${i}`), bytes("p")));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(mutationArbitrary, { maxLength: 12 }), { minLength: 1, maxLength: 4 }),
        fc.nat(20),
        async (commits, dice) => {
          // Now and then so much that the batch is written in slices.
          const long = dice === 0 ? [[...padding, clear(bytes("padding/"), bytes("padding0"))]] : [];
          const results = await Promise.all(
            [...commits, ...long].map((mutations) => store.commit(blind(...mutations))),
          );
          expect(new Set(results.map(({ version }) => version)).size).toBe(1);
          for (const [i, mutations] of commits.entries()) {
            const result = results[i];
            if (result !== undefined) for (const mutation of mutations) apply(model, mutation, result);
          }
          const rows = contents(store).map(([key, value]) => [
            Buffer.from(key, "latin1").toString("hex"),
            Buffer.from(value, "latin1").toString("hex"),
          ]);
          expect(rows).toEqual([...model].sort(([a], [b]) => (a < b ? -1 : 1)));
        },
      ),
      { numRuns: runs(150) },
    );
    await store.close();
  });

  test("takes in all commits that arrive while another is written", async () => {
    const store = await openStore();
    const first = store.commit(blind(set(bytes("first"), bytes("1"))));
    await first;
    const results = await Promise.all(
      Array.from({ length: 64 }, (_, i) => store.commit(blind(set(bytes(`k${i}`), bytes("1"))))),
    );
    expect(new Set(results.map(({ version }) => version)).size).toBe(1);
    expect(results.map(({ versionstamp }) => versionstamp[9])).toEqual(Array.from({ length: 64 }, (_, i) => i));
    await store.close();
  });

  test("keeps bytes that change after the call out of what is stored", async () => {
    const store = await openStore();
    const [key, value] = [bytes("key"), new Uint8Array(300).fill(1)];
    const committed = store.commit(blind(set(key.slice(), value.slice())));
    await committed;
    value.fill(2);
    expect(contents(store)[0]?.[1]).toBe("\x01".repeat(300));
    await store.close();
  });
});

test("clearing very many rows does not hold the event loop, and nobody sees it half done", async () => {
  const rows = process.env["TENANTRY_RUNS"] === undefined ? 250_000 : 1_000_000;
  // A collection of garbage, too, keeps a timer waiting now and then: that does not happen each time.
  const stalls: number[] = [];
  for (let round = 0; round < 3; round++) {
    stalls.push(await longestStallOfClearing(rows));
    if (Math.min(...stalls) < 50) break;
  }
  expect(Math.min(...stalls)).toBeLessThan(50);
});

/** Milliseconds for which clearing `rows` rows keeps a timer waiting at most; looks at both ends of them meanwhile. */
async function longestStallOfClearing(rows: number): Promise<number> {
  const store = await openStore();
  const key = (n: number): Uint8Array => {
    const bytes = new Uint8Array(16);
    new DataView(bytes.buffer).setUint32(12, n);
    return bytes;
  };
  const value = new Uint8Array(24);
  for (let i = 0; i < rows; i += 50_000) {
    await store.commit({ ...blind(), mutations: Array.from({ length: 50_000 }, (_, j) => set(key(i + j), value)) });
  }
  const halfDone: string[] = [];
  let longestMs = 0;
  let last = ownTime();
  const timer = setInterval(() => {
    longestMs = Math.max(longestMs, ownTime() - last);
    last = ownTime();
    const snapshot = snapshotOf(store);
    const [first, final] = [0, rows - 1].map((n) => snapshot.get(key(n)) !== undefined);
    if (first !== final) halfDone.push(`first ${first}, last ${final}`);
  }, 1);
  await store.commit(blind(clear(everything.begin, everything.end)));
  clearInterval(timer);
  expect(halfDone).toEqual([]);
  expect(contents(store)).toEqual([]);
  await store.close();
  return longestMs;
}
