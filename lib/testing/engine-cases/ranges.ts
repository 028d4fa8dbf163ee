/** Cases about getRange: order, limits, streaming modes, and `more`. */
import type { RangeOptions, StreamingMode } from "../../engine/index.js";
import type { CaseDefinition } from "./case.js";
import { bytes, deepEqual, equal, ok, rejects, type Stage } from "./stage.js";

const modes: readonly StreamingMode[] = ["wantAll", "iterator", "exact", "small", "medium", "large", "serial"];

/** Rows enough for several batches of the small modes. */
async function fill(stage: Stage, count: number, valueBytes: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => `row${String(index).padStart(4, "0")}`);
  await stage.transact((transaction) => {
    for (const name of names) transaction.set(stage.key(name), new Uint8Array(valueBytes).fill(0x76));
  });
  return names;
}

const names = (rows: readonly (readonly [string, string])[]): string[] => rows.map(([name]) => name);

export const rangeCases: readonly CaseDefinition[] = [
  {
    name: "rows come in key order, or from the end backwards, the end excluded",
    async run(stage) {
      await stage.put({ a: "1", "a\0": "2", b: "3", "b\xff": "4", c: "5" });
      const transaction = stage.begin();
      deepEqual(names(await stage.rows(transaction, "a", "c")), ["a", "a\0", "b", "b\xc3\xbf"]);
      deepEqual(names(await stage.rows(transaction, "a", "c", { reverse: true })), ["b\xc3\xbf", "b", "a\0", "a"]);
      deepEqual(await stage.rows(transaction, "b", "b"), []);
      deepEqual(await stage.rows(transaction, "c", "a"), []);
    },
  },
  {
    name: "a limit is kept, and more says whether the range was read to its end",
    needs: ["oneShard"],
    async run(stage) {
      await fill(stage, 5, 3);
      for (const reverse of [false, true]) {
        const read = async (limit: number): Promise<{ count: number; more: boolean }> => {
          const { rows, more } = await stage.begin().getRange(stage.at(""), stage.at([0xff]), { limit, reverse });
          return { count: rows.length, more };
        };
        deepEqual(await read(2), { count: 2, more: true });
        deepEqual(await read(50), { count: 5, more: false });
        deepEqual(await read(0), { count: 5, more: false });
      }
    },
  },
  {
    name: "every streaming mode reads all rows in the end, both ways, with the transaction's writes among them",
    async run(stage) {
      const all = await fill(stage, 300, 200);
      const transaction = stage.begin();
      transaction.clear(stage.key(all[150] ?? ""));
      transaction.set(stage.key("row0149x"), bytes("new"));
      const expected = all.toSpliced(150, 1, "row0149x");
      for (const mode of modes) {
        for (const reverse of [false, true]) {
          const options: RangeOptions = { mode, reverse, ...(mode === "exact" ? { limit: 70 } : {}) };
          const found = names(await stage.rows(transaction, "", [0xff], options));
          deepEqual(found, reverse ? expected.toReversed() : expected, `${mode}${reverse ? " reversed" : ""}`);
        }
      }
    },
  },
  {
    name: "a large range comes in batches that say there is more",
    async run(stage) {
      await fill(stage, 300, 2_000);
      const { rows, more } = await stage.begin().getRange(stage.at(""), stage.at([0xff]), { mode: "small" });
      ok(rows.length > 0 && rows.length < 300, `got ${rows.length} rows`);
      equal(more, true);
    },
  },
  {
    name: "targetBytes bounds a batch, which has one row at least",
    async run(stage) {
      await fill(stage, 50, 1_000);
      for (const reverse of [false, true]) {
        const transaction = stage.begin();
        const one = await transaction.getRange(stage.at(""), stage.at([0xff]), { targetBytes: 1, reverse });
        deepEqual([one.rows.length, one.more], [1, true]);
        const some = await transaction.getRange(stage.at(""), stage.at([0xff]), { targetBytes: 5_000, reverse });
        ok(some.rows.length >= 1 && some.rows.length <= 20 && some.more, `got ${some.rows.length} rows`);
      }
    },
  },
  {
    name: "selectors with offsets choose a range's ends",
    needs: ["oneShard"],
    async run(stage) {
      await stage.put({ a: "1", b: "2", c: "3", d: "4", e: "5" });
      const transaction = stage.begin();
      const read = async (begin: number, end: number): Promise<string[]> => {
        const { rows } = await transaction.getRange(stage.at("a", begin), stage.at("a", end));
        return rows.map(([key]) => stage.name(key));
      };
      deepEqual(await read(1, 4), ["b", "c", "d"]);
      deepEqual(await read(3, 2), []);
      const { rows } = await transaction.getRange(
        { key: stage.key("c"), orEqual: true, offset: 0 },
        { key: stage.key("d"), orEqual: true, offset: 1 },
      );
      deepEqual(
        rows.map(([key]) => stage.name(key)),
        ["c", "d"],
      );
    },
  },
  {
    name: "the mode exact without a limit is 2210",
    run: (stage) => rejects(stage.begin().getRange(stage.at(""), stage.at([0xff]), { mode: "exact" }), 2210),
  },
  {
    name: "estimates are numbers, and split points run from begin to end in order",
    needs: ["estimates"],
    async run(stage) {
      await fill(stage, 100, 1_000);
      const transaction = stage.begin();
      const [begin, end] = [stage.key("row"), stage.key("rox")];
      ok((await transaction.getEstimatedRangeSizeBytes(begin, end)) >= 0);
      const points = await transaction.getRangeSplitPoints(begin, end, 10_000);
      const sorted = points.toSorted(Buffer.compare);
      deepEqual(points, sorted);
      deepEqual([points[0], points.at(-1)], [begin, end]);
    },
  },
];
