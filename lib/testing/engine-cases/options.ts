/** Cases about transaction options. */
import { EngineError, type EngineTransaction } from "../../engine/index.js";
import type { CaseDefinition } from "./case.js";
import { bytes, equal, fail, ok, outcome, rejects, type Stage, text } from "./stage.js";

/** Timeouts in milliseconds: the next, where a busy machine let the one before pass at once. */
const timeouts = [100, 1_000, 10_000] as const;

/** A transaction with a timeout, which has read something in time. */
async function withTimeout(stage: Stage): Promise<{ transaction: EngineTransaction; timeoutMs: number }> {
  for (const timeoutMs of timeouts) {
    const transaction = stage.begin();
    transaction.setOption("timeout", timeoutMs);
    const read = await outcome(transaction.get(stage.key("a")));
    if (read === "ok") return { transaction, timeoutMs };
    equal(read, 1031);
  }
  return fail("no timeout is long enough to read a key");
}

export const optionCases: readonly CaseDefinition[] = [
  {
    name: "readYourWritesDisable: reads see only what is committed",
    needs: ["options"],
    async run(stage) {
      await stage.put({ a: "1" });
      const transaction = stage.begin();
      transaction.setOption("readYourWritesDisable");
      transaction.set(stage.key("a"), bytes("2"));
      equal(text(await transaction.get(stage.key("a"))), "1");
      await transaction.commit();
      equal(await stage.value("a"), "2");
    },
  },
  {
    name: "snapshotRywDisable: snapshot reads see only what is committed, until it is enabled again",
    needs: ["options"],
    async run(stage) {
      await stage.put({ a: "1" });
      const transaction = stage.begin();
      transaction.setOption("snapshotRywDisable");
      transaction.set(stage.key("a"), bytes("2"));
      equal(text(await transaction.get(stage.key("a"), true)), "1");
      equal(text(await transaction.get(stage.key("a"))), "2");
      transaction.setOption("snapshotRywEnable");
      equal(text(await transaction.get(stage.key("a"), true)), "2");
    },
  },
  {
    name: "nextWriteNoWriteConflictRange: the next write, and only it, makes no conflict",
    needs: ["options"],
    async run(stage) {
      const reads = [stage.begin(), stage.begin()] as const;
      for (const [index, suffix] of (["a", "b"] as const).entries()) {
        await reads[index]?.get(stage.key(suffix));
        reads[index]?.set(stage.key("unrelated"), bytes("1"));
      }
      await stage.transact((transaction) => {
        transaction.setOption("nextWriteNoWriteConflictRange");
        transaction.set(stage.key("a"), bytes("1"));
        transaction.set(stage.key("b"), bytes("1"));
      });
      equal(await outcome(reads[0].commit()), "ok");
      equal(await outcome(reads[1].commit()), 1020);
    },
  },
  {
    name: "timeout: past it, reads and commits are 1031, and onError does not go on",
    needs: ["options"],
    async run(stage) {
      const { transaction, timeoutMs } = await withTimeout(stage);
      await new Promise((resolve) => setTimeout(resolve, timeoutMs + 50));
      await rejects(transaction.get(stage.key("a")), 1031);
      transaction.set(stage.key("a"), bytes("1"));
      await rejects(transaction.commit(), 1031);
      await rejects(transaction.onError(new EngineError(1031)), 1031);
      equal(await stage.value("a"), undefined);
    },
  },
  {
    name: "retryLimit: after so many retries onError throws what it is given",
    needs: ["options"],
    async run(stage) {
      const transaction = stage.begin();
      transaction.setOption("retryLimit", 2);
      transaction.setOption("maxRetryDelay", 1);
      await transaction.onError(new EngineError(1020));
      await transaction.onError(new EngineError(1020));
      await rejects(transaction.onError(new EngineError(1020)), 1020);
    },
  },
  {
    name: "sizeLimit: a larger transaction is 2101",
    needs: ["options"],
    async run(stage) {
      const transaction = stage.begin();
      transaction.setOption("sizeLimit", 1_000);
      transaction.set(stage.key("a"), new Uint8Array(2_000));
      await rejects(transaction.commit(), 2101);
      equal(await stage.value("a"), undefined);
    },
  },
  {
    name: "options that only a cluster heeds are taken everywhere",
    needs: ["options"],
    async run(stage) {
      const transaction = stage.begin();
      transaction.setOption("priorityBatch");
      transaction.setOption("causalReadRisky");
      transaction.setOption("tag", "suite");
      transaction.setOption("autoThrottleTag", "suite2");
      transaction.setOption("debugTransactionIdentifier", "suite");
      transaction.setOption("transactionLoggingMaxFieldLength", 100);
      transaction.set(stage.key("a"), bytes("1"));
      await transaction.commit();
      equal(await stage.value("a"), "1");
    },
  },
  {
    name: "timeout and retryLimit outlive onError, and reset takes them back",
    needs: ["options"],
    async run(stage) {
      const transaction = stage.begin();
      transaction.setOption("maxRetryDelay", 1);
      transaction.setOption("retryLimit", 1);
      await transaction.onError(new EngineError(1020));
      await rejects(transaction.onError(new EngineError(1020)), 1020);
      transaction.reset();
      for (let attempt = 0; attempt < 3; attempt += 1) await transaction.onError(new EngineError(1020));
      ok(true);
    },
  },
];
