/** Cases about reading one key: get, getKey, and what a transaction sees of its own writes. */
import type { KeySelector } from "../../engine/index.js";
import type { CaseDefinition } from "./case.js";
import { bytes, deepEqual, equal, notEqual, ok, type Stage, text } from "./stage.js";

const selectors = (stage: Stage, suffix: string): Readonly<Record<string, KeySelector>> => ({
  lastLessThan: { key: stage.key(suffix), orEqual: false, offset: 0 },
  lastLessOrEqual: { key: stage.key(suffix), orEqual: true, offset: 0 },
  firstGreaterThan: { key: stage.key(suffix), orEqual: true, offset: 1 },
  firstGreaterOrEqual: { key: stage.key(suffix), orEqual: false, offset: 1 },
});

export const readCases: readonly CaseDefinition[] = [
  {
    name: "get gives the committed value, undefined for none, and an empty value as empty",
    async run(stage) {
      await stage.put({ a: "1", empty: "" });
      const transaction = stage.begin();
      equal(text(await transaction.get(stage.key("a"))), "1");
      equal(text(await transaction.get(stage.key("empty"))), "");
      equal(await transaction.get(stage.key("b")), undefined);
      equal(text(await transaction.get(stage.key("a"), true)), "1");
    },
  },
  {
    name: "bytes that come back are the caller's: changing or slicing them changes nothing else",
    async run(stage) {
      await stage.put({ a: "one" });
      const transaction = stage.begin();
      const first = await transaction.get(stage.key("a"));
      ok(first !== undefined);
      first.slice().fill(0);
      equal(text(first), "one");
      first.fill(0);
      equal(text(await transaction.get(stage.key("a"))), "one");
      const { rows } = await transaction.getRange(stage.at(""), stage.at([0xff]));
      rows[0]?.[0].fill(0);
      rows[0]?.[1].fill(0);
      deepEqual(await stage.rows(transaction), [["a", "one"]]);
      equal(await stage.value("a"), "one");
    },
  },
  {
    name: "bytes that go in are copied: changing them after the call changes nothing",
    async run(stage) {
      const [key, value, operand] = [stage.key("a"), bytes("one"), bytes([1])];
      const transaction = stage.begin();
      transaction.set(key, value);
      value.fill(0);
      key.fill(0);
      const [counter, begin, end] = [stage.key("n"), stage.key("x"), stage.key("y")];
      transaction.atomic("add", counter, operand);
      operand.fill(9);
      counter.fill(0);
      transaction.set(stage.key("xx"), bytes("gone"));
      transaction.clearRange(begin, end);
      begin.fill(0);
      end.fill(0);
      await transaction.commit();
      deepEqual(await stage.dump(), [
        ["a", "one"],
        ["n", "\x01"],
      ]);
    },
  },
  {
    name: "getKey resolves the four selectors at, before and after keys",
    async run(stage) {
      await stage.put({ a: "1", c: "2", e: "3" });
      const transaction = stage.begin();
      const resolve = async (suffix: string): Promise<Record<string, string>> => {
        const found: Record<string, string> = {};
        for (const [name, selector] of Object.entries(selectors(stage, suffix))) {
          found[name] = stage.name(await transaction.getKey(selector));
        }
        return found;
      };
      deepEqual(await resolve("c"), {
        lastLessThan: "a",
        lastLessOrEqual: "c",
        firstGreaterThan: "e",
        firstGreaterOrEqual: "c",
      });
      deepEqual(await resolve("d"), {
        lastLessThan: "c",
        lastLessOrEqual: "c",
        firstGreaterThan: "e",
        firstGreaterOrEqual: "e",
      });
    },
  },
  {
    name: "getKey counts offsets over committed and pending keys",
    async run(stage) {
      await stage.put({ a: "1", b: "2", c: "3", d: "4", e: "5" });
      const transaction = stage.begin();
      equal(stage.name(await transaction.getKey(stage.at("a", 3))), "d");
      equal(stage.name(await transaction.getKey(stage.at("d", -2))), "b");
      transaction.clear(stage.key("b"));
      transaction.set(stage.key("cc"), bytes("new"));
      equal(stage.name(await transaction.getKey(stage.at("a", 2))), "cc");
      equal(stage.name(await transaction.getKey(stage.at("a", 2), true)), "cc");
      equal(stage.name(await transaction.getKey(stage.at("cc", -2))), "a");
    },
  },
  {
    name: "getKey stops at the ends of the keyspace",
    needs: ["wholeKeyspace"],
    async run(stage) {
      await stage.put({ a: "1" });
      const transaction = stage.begin();
      equal(text(await transaction.getKey({ key: stage.key("a"), orEqual: false, offset: 0 })), "");
      equal(text(await transaction.getKey({ key: stage.key("a"), orEqual: true, offset: 5 })), "\xff");
      equal(text(await transaction.getKey({ key: stage.key("a"), orEqual: true, offset: -5 })), "");
    },
  },
  {
    name: "a transaction sees its own sets, clears and range clears, in snapshot reads too",
    async run(stage) {
      await stage.put({ a: "1", b: "2", c: "3", d: "4" });
      const transaction = stage.begin();
      transaction.set(stage.key("a"), bytes("changed"));
      transaction.clear(stage.key("b"));
      transaction.clearRange(stage.key("c"), stage.key("d"));
      transaction.set(stage.key("bb"), bytes("new"));
      for (const snapshot of [false, true]) {
        equal(text(await transaction.get(stage.key("a"), snapshot)), "changed");
        equal(await transaction.get(stage.key("b"), snapshot), undefined);
        equal(await transaction.get(stage.key("c"), snapshot), undefined);
        equal(stage.name(await transaction.getKey(stage.at("b"), snapshot)), "bb");
        deepEqual(await stage.rows(transaction, "", [0xff], { snapshot }), [
          ["a", "changed"],
          ["bb", "new"],
          ["d", "4"],
        ]);
      }
      deepEqual(await stage.rows(transaction, "", [0xff], { reverse: true }), [
        ["d", "4"],
        ["bb", "new"],
        ["a", "changed"],
      ]);
    },
  },
  {
    name: "a set after a range clear stays, a range clear after a set takes it",
    async run(stage) {
      await stage.put({ a: "1", b: "2" });
      await stage.transact((transaction) => {
        transaction.clearRange(stage.key("a"), stage.key("z"));
        transaction.set(stage.key("b"), bytes("kept"));
        transaction.set(stage.key("c"), bytes("lost"));
        transaction.clearRange(stage.key("c"), stage.key("d"));
      });
      deepEqual(await stage.dump(), [["b", "kept"]]);
    },
  },
  {
    name: "what is not committed is seen by nobody else",
    async run(stage) {
      const transaction = stage.begin();
      transaction.set(stage.key("a"), bytes("1"));
      equal(text(await transaction.get(stage.key("a"))), "1");
      equal(await stage.value("a"), undefined);
      transaction.cancel();
      equal(await stage.value("a"), undefined);
    },
  },
  {
    name: "all reads of a transaction are at one version, whatever commits meanwhile",
    async run(stage) {
      await stage.put({ a: "1", b: "1" });
      const transaction = stage.begin();
      equal(text(await transaction.get(stage.key("a"))), "1");
      await stage.put({ a: "2", b: "2", c: "2" });
      equal(text(await transaction.get(stage.key("a"))), "1");
      equal(text(await transaction.get(stage.key("b"))), "1");
      deepEqual(await stage.rows(transaction), [
        ["a", "1"],
        ["b", "1"],
      ]);
      notEqual(await stage.value("a"), "1");
    },
  },
];
