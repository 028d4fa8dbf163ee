/** Cases about atomic operations, byte for byte: applied at the commit, and seen before it. */
import type { AtomicOp } from "../../engine/index.js";
import type { CaseDefinition } from "./case.js";
import { bytes, deepEqual, equal, type Stage, text } from "./stage.js";

/** What is there (undefined: nothing), what is applied, and what there is then. */
type Example = readonly [
  AtomicOp,
  before: readonly number[] | undefined,
  operand: readonly number[],
  after: readonly number[] | undefined,
];

const examples: readonly Example[] = [
  ["add", [0xff, 0x01], [0x01, 0x00], [0x00, 0x02]],
  ["add", [0xff, 0xff], [0x01, 0x00], [0x00, 0x00]],
  ["add", undefined, [0x05, 0x00], [0x05, 0x00]],
  ["add", [0x01], [0x01, 0x00, 0x00], [0x02, 0x00, 0x00]],
  ["add", [0x01, 0x02, 0x03], [0x01], [0x02]],
  ["add", [0x01], [], []],
  ["bitAnd", [0b1100, 0xff], [0b1010, 0x0f], [0b1000, 0x0f]],
  ["bitAnd", undefined, [0x0f], [0x0f]],
  ["bitAnd", [0xff], [0x0f, 0x0f], [0x0f, 0x00]],
  ["bitOr", [0b1100], [0b1010], [0b1110]],
  ["bitOr", undefined, [0x0f], [0x0f]],
  ["bitXor", [0b1100], [0b1010], [0b0110]],
  ["bitXor", undefined, [0x0f], [0x0f]],
  ["bitXor", [0x01, 0x02], [0xff], [0xfe]],
  ["max", [0x00, 0x01], [0xff, 0x00], [0x00, 0x01]],
  ["max", [0xff, 0x00], [0x00, 0x01], [0x00, 0x01]],
  ["max", undefined, [0x00], [0x00]],
  ["min", [0x00, 0x01], [0xff, 0x00], [0xff, 0x00]],
  ["min", undefined, [0x07], [0x07]],
  ["min", [0x05], [0xff, 0xff], [0x05, 0x00]],
  ["byteMin", [0x61], [0x60, 0xff], [0x60, 0xff]],
  ["byteMin", [0x61], [0x61, 0x00], [0x61]],
  ["byteMin", undefined, [0x61], [0x61]],
  ["byteMax", [0x61], [0x60, 0xff], [0x61]],
  ["byteMax", [0x61], [0x61, 0x00], [0x61, 0x00]],
  ["byteMax", undefined, [], []],
  ["appendIfFits", [0x61], [0x62, 0x63], [0x61, 0x62, 0x63]],
  ["appendIfFits", undefined, [0x62], [0x62]],
  ["compareAndClear", [0x61], [0x61], undefined],
  ["compareAndClear", [0x61], [0x62], [0x61]],
  ["compareAndClear", undefined, [0x61], undefined],
];

const latin1 = (value: readonly number[] | undefined): string | undefined =>
  value === undefined ? undefined : text(bytes(value));

const each = async (check: (example: Example, index: number, title: string) => Promise<void> | void): Promise<void> => {
  for (const [index, example] of examples.entries()) {
    const [op, before, operand] = example;
    await check(example, index, `${op} of [${operand}] on ${before === undefined ? "nothing" : `[${before}]`}`);
  }
};

async function fill(stage: Stage): Promise<void> {
  await stage.transact((transaction) => {
    for (const [index, [, before]] of examples.entries()) {
      if (before !== undefined) transaction.set(stage.key([index]), bytes(before));
    }
  });
}

export const atomicCases: readonly CaseDefinition[] = [
  {
    name: "applied blindly",
    async run(stage) {
      await fill(stage);
      await stage.transact((transaction) =>
        each(([op, , operand], index) => transaction.atomic(op, stage.key([index]), bytes(operand))),
      );
      await each(async ([, , , after], index, title) => equal(await stage.value([index]), latin1(after), title));
    },
  },
  {
    name: "seen by the transaction over what is committed, and committed as seen",
    async run(stage) {
      await fill(stage);
      const transaction = stage.begin();
      await each(async ([op, , operand, after], index, title) => {
        transaction.atomic(op, stage.key([index]), bytes(operand));
        equal(text(await transaction.get(stage.key([index]))), latin1(after), title);
      });
      await transaction.commit();
      await each(async ([, , , after], index, title) => equal(await stage.value([index]), latin1(after), title));
    },
  },
  {
    name: "applied to the transaction's own writes and clears",
    async run(stage) {
      await stage.put(Object.fromEntries(examples.map((_, index) => [String.fromCharCode(index), "old"])));
      const transaction = stage.begin();
      await each(async ([op, before, operand, after], index, title) => {
        if (before === undefined) transaction.clear(stage.key([index]));
        else transaction.set(stage.key([index]), bytes(before));
        transaction.atomic(op, stage.key([index]), bytes(operand));
        equal(text(await transaction.get(stage.key([index]))), latin1(after), title);
      });
      const seen = await stage.rows(transaction);
      await transaction.commit();
      deepEqual(await stage.dump(), seen);
    },
  },
  {
    name: "several on one key are applied in order",
    async run(stage) {
      await stage.put({ n: "\x01" });
      await stage.transact((transaction) => {
        transaction.atomic("add", stage.key("n"), bytes([5]));
        transaction.atomic("bitOr", stage.key("n"), bytes([0x10]));
        transaction.atomic("max", stage.key("n"), bytes([0x12]));
        transaction.atomic("appendIfFits", stage.key("n"), bytes("x"));
      });
      equal(await stage.value("n"), "\x16x");
    },
  },
  {
    name: "appendIfFits leaves a value alone that would pass 100,000 bytes",
    async run(stage) {
      await stage.put({ a: new Uint8Array(99_999) });
      await stage.transact((transaction) => transaction.atomic("appendIfFits", stage.key("a"), bytes([1])));
      equal((await stage.value("a"))?.length, 100_000);
      await stage.transact((transaction) => transaction.atomic("appendIfFits", stage.key("a"), bytes([1])));
      equal((await stage.value("a"))?.length, 100_000);
    },
  },
];
