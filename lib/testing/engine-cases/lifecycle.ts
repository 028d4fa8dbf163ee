/** Cases about the life of transactions and engines: reset, cancel, onError, use during a commit, closing. */
import { EngineError } from "../../engine/index.js";
import { isTenantryError } from "../../errors/index.js";
import type { CaseDefinition } from "./case.js";
import { bytes, equal, fail, ok, outcome, rejects, text, within } from "./stage.js";

export const lifecycleCases: readonly CaseDefinition[] = [
  {
    name: "a cancelled transaction answers 1025 to everything, and writes nothing",
    async run(stage) {
      const transaction = stage.begin();
      transaction.set(stage.key("a"), bytes("1"));
      transaction.cancel();
      await rejects(transaction.get(stage.key("a")), 1025);
      await rejects(transaction.getRange(stage.at(""), stage.at([0xff])), 1025);
      await rejects(transaction.commit(), 1025);
      equal(await stage.value("a"), undefined);
    },
  },
  {
    name: "a reset transaction is as new: its writes are gone, and its reads are fresh",
    async run(stage) {
      await stage.put({ a: "1" });
      const transaction = stage.begin();
      equal(text(await transaction.get(stage.key("a"))), "1");
      transaction.set(stage.key("b"), bytes("lost"));
      await stage.put({ a: "2" });
      transaction.reset();
      equal(text(await transaction.get(stage.key("a"))), "2");
      equal(await transaction.get(stage.key("b")), undefined);
      transaction.set(stage.key("c"), bytes("1"));
      equal(await outcome(transaction.commit()), "ok");
    },
  },
  {
    name: "a cancelled transaction can be reset and used",
    async run(stage) {
      const transaction = stage.begin();
      transaction.cancel();
      transaction.reset();
      transaction.set(stage.key("a"), bytes("1"));
      await transaction.commit();
      equal(await stage.value("a"), "1");
    },
  },
  {
    name: "onError resets after what may be tried again",
    async run(stage) {
      for (const fdbCode of [1007, 1009, 1020, 1021, 1037]) {
        const transaction = stage.begin();
        transaction.set(stage.key("lost"), bytes("1"));
        await transaction.onError(new EngineError(fdbCode));
        equal(await transaction.get(stage.key("lost")), undefined);
        transaction.set(stage.key("a"), bytes(String(fdbCode)));
        await transaction.commit();
        equal(await stage.value("a"), String(fdbCode));
      }
      equal(await stage.value("lost"), undefined);
    },
  },
  {
    name: "onError throws what cannot be tried again, and errors that are not an engine's as they are",
    async run(stage) {
      for (const fdbCode of [1025, 1031, 2000, 2004, 2101, 2103]) {
        const error = new EngineError(fdbCode);
        await rejects(stage.begin().onError(error), fdbCode);
      }
      const mine = new Error("mine");
      equal(
        await stage
          .begin()
          .onError(mine)
          .catch((error: unknown) => error),
        mine,
      );
    },
  },
  {
    name: "a transaction is not used while it commits: 2017",
    async run(stage) {
      const transaction = stage.begin();
      transaction.set(stage.key("a"), bytes("1"));
      const committing = transaction.commit();
      await rejects(transaction.get(stage.key("a")), 2017);
      await committing.catch(() => {});
    },
  },
  {
    name: "a transaction that conflicted writes nothing, and after onError writes all",
    async run(stage) {
      const transaction = stage.begin();
      await transaction.get(stage.key("a"));
      transaction.set(stage.key("b"), bytes("1"));
      await stage.put({ a: "1" });
      const failure = await transaction.commit().catch((error: unknown) => error);
      equal(await stage.value("b"), undefined);
      await transaction.onError(failure);
      await transaction.get(stage.key("a"));
      transaction.set(stage.key("b"), bytes("2"));
      await transaction.commit();
      equal(await stage.value("b"), "2");
    },
  },
  {
    name: "a closed engine begins nothing, waits for the commit under way, and closes once",
    needs: ["reopening"],
    async run(stage) {
      const engine = await stage.open();
      const transaction = engine.begin();
      transaction.set(stage.key("a"), bytes("1"));
      const committing = transaction.commit();
      const closing = engine.close();
      await Promise.all([committing, closing, engine.close()]);
      try {
        engine.begin();
      } catch (error) {
        ok(isTenantryError(error, "ENGINE_CLOSED"));
        return;
      }
      fail("begin() of a closed engine did not throw");
    },
  },
  {
    name: "closing ends watches, and a transaction begun before is answered or refused",
    needs: ["reopening", "watches"],
    async run(stage) {
      const engine = await stage.open();
      const [transaction, begun] = [engine.begin(), engine.begin()];
      const watch = transaction.watch(stage.key("a"));
      let ended: unknown;
      watch.fired.catch((error: unknown) => {
        ended = error;
      });
      await transaction.commit();
      await engine.close();
      ok(await within(1_000, () => ended !== undefined), "the watch goes on");
      ok(isTenantryError(ended, "ENGINE"));
      ok([1025, 1101].includes(ended.details.fdbCode));
      await begun.get(stage.key("a")).catch((error: unknown) => ok(isTenantryError(error, "ENGINE", "ENGINE_CLOSED")));
    },
  },
];
