/** Cases about bounds, and about errors that wait for the next read or the commit. */
import { keyBytesMax, transactionBytesMax, valueBytesMax } from "../../limits/index.js";
import type { CaseDefinition } from "./case.js";
import { bytes, equal, ok, rejects } from "./stage.js";

export const limitCases: readonly CaseDefinition[] = [
  {
    name: "a value of 100,000 bytes is taken, a longer one is 2103, and the call itself does not throw",
    async run(stage) {
      await stage.put({ a: new Uint8Array(valueBytesMax).fill(7) });
      equal((await stage.value("a"))?.length, valueBytesMax);
      const transaction = stage.begin();
      transaction.set(stage.key("b"), new Uint8Array(valueBytesMax + 1));
      await rejects(transaction.commit(), 2103);
    },
  },
  {
    name: "the longest key of the library is taken, one too long for the engine is 2102",
    needs: ["keyErrors"],
    async run(stage) {
      const { keyBytesMax: engineKeyBytesMax } = stage.engine.capabilities;
      ok(engineKeyBytesMax >= keyBytesMax);
      const longest = [...new Uint8Array(keyBytesMax - stage.prefix.length).fill(0x6b)];
      await stage.transact((transaction) => transaction.set(stage.key(longest), bytes("1")));
      equal(await stage.value(longest), "1");
      const transaction = stage.begin();
      transaction.set(stage.key([...new Uint8Array(engineKeyBytesMax + 1)]), bytes("1"));
      await rejects(transaction.commit(), 2102);
    },
  },
  {
    name: "a transaction over 10,000,000 bytes is 2101, and nothing of it is kept",
    async run(stage) {
      const transaction = stage.begin();
      for (let row = 0; row * valueBytesMax <= transactionBytesMax; row += 1) {
        transaction.set(stage.key(`${row}`), new Uint8Array(valueBytesMax));
      }
      ok((await transaction.getApproximateSize()) > transactionBytesMax);
      await rejects(transaction.commit(), 2101);
      equal((await stage.dump()).length, 0);
    },
  },
  {
    name: "the approximate size grows with what is written and read",
    async run(stage) {
      const transaction = stage.begin();
      const empty = await transaction.getApproximateSize();
      transaction.set(stage.key("a"), new Uint8Array(1_000));
      const one = await transaction.getApproximateSize();
      ok(one >= empty + 1_000);
      await transaction.get(stage.key("b"));
      ok((await transaction.getApproximateSize()) > one);
    },
  },
  {
    name: "an inverted range to clear is 2005, at the next read or the commit",
    async run(stage) {
      const transaction = stage.begin();
      transaction.clearRange(stage.key("b"), stage.key("a"));
      await rejects(transaction.get(stage.key("a")), 2005);
      await rejects(transaction.commit(), 2005);
    },
  },
  {
    name: "keys from \\xff on are 2004",
    needs: ["systemKeys"],
    async run(stage) {
      const system = bytes([0xff, 0x61]);
      await rejects(stage.begin().get(system), 2004);
      const transaction = stage.begin();
      transaction.set(system, bytes("1"));
      await rejects(transaction.commit(), 2004);
    },
  },
];
