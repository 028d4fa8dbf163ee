/** Cases about isolation: who conflicts with whom, and that nothing is lost or doubled. None of these can be skipped. */
import type { EngineTransaction } from "../../engine/index.js";
import type { CaseDefinition } from "./case.js";
import { bytes, deepEqual, equal, outcome, rejects, type Stage, text } from "./stage.js";

type Work = (transaction: EngineTransaction) => unknown;

/**
 * Whether a transaction that does `first` still commits after another did `second` and committed. Both begin with
 * their read versions taken; the first writes an unrelated key, so that its commit is checked at all.
 */
async function race(stage: Stage, first: Work, second: Work): Promise<"ok" | number> {
  const [one, other] = [stage.begin(), stage.begin()];
  await one.getReadVersion();
  await first(one);
  one.set(stage.key("unrelated"), bytes("1"));
  await second(other);
  await other.commit();
  return outcome(one.commit());
}

const set =
  (stage: Stage, suffix: string): Work =>
  (transaction) =>
    transaction.set(stage.key(suffix), bytes("new"));

const get =
  (stage: Stage, suffix: string, snapshot = false): Work =>
  (transaction) =>
    transaction.get(stage.key(suffix), snapshot);

export const conflictCases: readonly CaseDefinition[] = [
  {
    name: "a write to what was read is a conflict, and leaves nothing of the loser",
    async run(stage) {
      await stage.put({ a: "1" });
      equal(await race(stage, get(stage, "a"), set(stage, "a")), 1020);
      equal(await stage.value("unrelated"), undefined);
      equal(await stage.value("a"), "new");
    },
  },
  {
    name: "a write elsewhere, to a key that was not read, is none",
    run: async (stage) => equal(await race(stage, get(stage, "a"), set(stage, "b")), "ok"),
  },
  {
    name: "a read that found nothing conflicts with the write that makes it",
    run: async (stage) => equal(await race(stage, get(stage, "a"), set(stage, "a")), 1020),
  },
  {
    name: "two transactions that each read what the other writes do not both commit",
    async run(stage) {
      await stage.put({ a: "1", b: "1" });
      const [one, other] = [stage.begin(), stage.begin()];
      await one.get(stage.key("a"));
      await other.get(stage.key("b"));
      one.set(stage.key("b"), bytes("one"));
      other.set(stage.key("a"), bytes("other"));
      const outcomes = await Promise.all([outcome(one.commit()), outcome(other.commit())]);
      deepEqual(outcomes.toSorted(), [1020, "ok"]);
    },
  },
  {
    name: "a snapshot read is no conflict, for get, getKey and getRange",
    async run(stage) {
      await stage.put({ a: "1", b: "2" });
      const read: Work = async (transaction) => {
        await transaction.get(stage.key("a"), true);
        await transaction.getKey(stage.at("a"), true);
        await transaction.getRange(stage.at(""), stage.at([0xff]), { snapshot: true });
      };
      equal(await race(stage, read, set(stage, "a")), "ok");
    },
  },
  {
    name: "a range read conflicts with keys that appear, change or vanish in it, and with none outside",
    async run(stage) {
      await stage.put({ b: "1", d: "2", f: "3" });
      const read: Work = (transaction) => transaction.getRange(stage.at("b"), stage.at("f"));
      equal(await race(stage, read, set(stage, "c")), 1020);
      equal(await race(stage, read, set(stage, "d")), 1020);
      equal(await race(stage, read, (transaction) => transaction.clear(stage.key("d"))), 1020);
      equal(await race(stage, read, (transaction) => transaction.clearRange(stage.key("a"), stage.key("bb"))), 1020);
      equal(await race(stage, read, set(stage, "a")), "ok");
      equal(await race(stage, read, set(stage, "f")), "ok");
    },
  },
  {
    name: "a limited range read conflicts only as far as it read",
    async run(stage) {
      await stage.put({ b: "1", d: "2", f: "3", h: "4" });
      const forward: Work = (transaction) => transaction.getRange(stage.at("a"), stage.at("z"), { limit: 2 });
      equal(await race(stage, forward, set(stage, "e")), "ok");
      equal(await race(stage, forward, set(stage, "c")), 1020);
      const backward: Work = (transaction) =>
        transaction.getRange(stage.at("a"), stage.at("z"), { limit: 2, reverse: true });
      equal(await race(stage, backward, set(stage, "cc")), "ok");
      equal(await race(stage, backward, set(stage, "i")), 1020);
    },
  },
  {
    name: "getKey conflicts with a key that appears between the selector and what it found",
    async run(stage) {
      await stage.put({ a: "1", f: "2" });
      const read: Work = (transaction) => transaction.getKey(stage.at("c"));
      equal(await race(stage, read, set(stage, "d")), 1020);
      equal(await race(stage, read, set(stage, "g")), "ok");
      equal(await race(stage, read, set(stage, "b")), "ok");
    },
  },
  {
    name: "reading back one's own write is no conflict",
    async run(stage) {
      await stage.put({ a: "1" });
      const work: Work = async (transaction) => {
        transaction.set(stage.key("a"), bytes("mine"));
        equal(text(await transaction.get(stage.key("a"))), "mine");
      };
      equal(await race(stage, work, set(stage, "a")), "ok");
    },
  },
  {
    name: "reading an atomic operation back is a conflict with what lies below it",
    async run(stage) {
      await stage.put({ a: "\x01" });
      const work: Work = async (transaction) => {
        transaction.atomic("add", stage.key("a"), bytes([1]));
        await transaction.get(stage.key("a"));
      };
      equal(await race(stage, work, set(stage, "a")), 1020);
    },
  },
  {
    name: "blind writes and atomic operations on one key all commit",
    async run(stage) {
      const transactions = Array.from({ length: 8 }, () => stage.begin());
      for (const transaction of transactions) {
        await transaction.getReadVersion();
        transaction.atomic("add", stage.key("n"), bytes([1, 0]));
        transaction.set(stage.key("last"), bytes("x"));
      }
      deepEqual(
        await Promise.all(transactions.map((transaction) => outcome(transaction.commit()))),
        transactions.map(() => "ok"),
      );
      equal(await stage.value("n"), "\x08\0");
    },
  },
  {
    name: "an atomic operation and a range clear conflict with a reader",
    async run(stage) {
      await stage.put({ a: "\x01", b: "1" });
      const add: Work = (transaction) => transaction.atomic("add", stage.key("a"), bytes([1]));
      equal(await race(stage, get(stage, "a"), add), 1020);
      const clear: Work = (transaction) => transaction.clearRange(stage.key("a"), stage.key("c"));
      equal(await race(stage, get(stage, "b"), clear), 1020);
    },
  },
  {
    name: "a transaction that writes nothing never conflicts",
    async run(stage) {
      await stage.put({ a: "1" });
      const reader = stage.begin();
      await reader.get(stage.key("a"));
      await stage.put({ a: "2" });
      equal(await outcome(reader.commit()), "ok");
    },
  },
  {
    name: "conflict ranges are added by hand: a read range loses to a write, a write range beats a read",
    async run(stage) {
      const reads: Work = (transaction) => transaction.addReadConflictRange(stage.key("a"), stage.key("c"));
      equal(await race(stage, reads, set(stage, "b")), 1020);
      equal(await race(stage, reads, set(stage, "c")), "ok");
      const writes: Work = (transaction) => transaction.addWriteConflictRange(stage.key("a"), stage.key("c"));
      equal(await race(stage, get(stage, "b"), writes), 1020);
      equal(await race(stage, get(stage, "c"), writes), "ok");
    },
  },
  {
    name: "an inverted conflict range is 2005, at once",
    async run(stage) {
      const transaction = stage.begin();
      await rejects(() => transaction.addReadConflictRange(stage.key("b"), stage.key("a")), 2005);
      await rejects(() => transaction.addWriteConflictRange(stage.key("b"), stage.key("a")), 2005);
    },
  },
  {
    name: "concurrent read-modify-write with retries loses no update",
    async run(stage) {
      const [workers, rounds] = [6, 5];
      const increment = async (transaction: EngineTransaction): Promise<void> => {
        const value = Number(text(await transaction.get(stage.key("n"))) ?? "0");
        transaction.set(stage.key("n"), bytes(String(value + 1)));
      };
      const worker = async (): Promise<void> => {
        for (let round = 0; round < rounds; round += 1) {
          const transaction = stage.begin();
          for (;;) {
            try {
              await increment(transaction);
              await transaction.commit();
              break;
            } catch (error) {
              await transaction.onError(error);
            }
          }
        }
      };
      await Promise.all(Array.from({ length: workers }, worker));
      equal(await stage.value("n"), String(workers * rounds));
    },
  },
  {
    name: "moving between two keys keeps their sum in every snapshot",
    async run(stage) {
      await stage.put({ x: "50", y: "50" });
      const amounts = async (transaction: EngineTransaction): Promise<[number, number]> => [
        Number(text(await transaction.get(stage.key("x")))),
        Number(text(await transaction.get(stage.key("y")))),
      ];
      const sums: number[] = [];
      const move = (amount: number): Promise<void> =>
        stage.transact(async (transaction) => {
          const [x, y] = await amounts(transaction);
          sums.push(x + y);
          transaction.set(stage.key("x"), bytes(String(x - amount)));
          transaction.set(stage.key("y"), bytes(String(y + amount)));
        });
      const look = (): Promise<number> =>
        stage.transact(async (transaction) => sums.push((await amounts(transaction)).reduce((a, b) => a + b)));
      await Promise.all(Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? move(index) : look())));
      deepEqual([...new Set(sums)], [100]);
      equal(await stage.value("x"), "38");
    },
  },
];
