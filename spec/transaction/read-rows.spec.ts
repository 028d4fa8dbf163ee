/** Rows of a range come from either end, as many as are wanted, whatever batches the engine makes of them. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { readRows, visitRows } from "../../lib/transaction/index.js";
import { runs } from "../runs.js";
import { key, openFixture } from "./fixture.js";

test("rows are read, and visited, over several batches, as many as are wanted and no more", async () => {
  await using fixture = await openFixture();
  const id = await fixture.tenant();
  const keys = Array.from({ length: 12 }, (_, n) => key(n));
  // A reply of the engine holds two of these.
  const value = new Uint8Array(40_000);
  await fixture.runner.transact(id, async (tx) => {
    for (const each of keys) tx.set(each, value);
  });
  const range = { begin: key(0), end: key(1_000) };
  const limits = fc.option(fc.nat({ max: 14 }), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(limits, fc.boolean(), async (limit, reverse) => {
      const wanted = (reverse ? keys.toReversed() : keys).slice(0, limit);
      const options = { snapshot: true, reverse, ...(limit === undefined ? {} : { limit }) };
      await fixture.runner.read(id, async (tx) => {
        expect((await readRows(tx, range, options)).map(([found]) => found)).toEqual(wanted);
        const visited: Uint8Array[] = [];
        const count = visitRows(tx, range, options, (bytes, begin, end) => {
          visited.push(Uint8Array.from(bytes.subarray(begin, end)));
        });
        expect(count).toBe(wanted.length);
        expect(visited).toEqual(wanted);
      });
    }),
    { numRuns: runs(40) },
  );
});
