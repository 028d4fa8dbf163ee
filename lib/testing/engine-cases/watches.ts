/** Cases about watches: what fires them, what ends them. */
import type { Watch } from "../../engine/index.js";
import type { CaseDefinition } from "./case.js";
import { bytes, equal, ok, rejects, type Stage, within } from "./stage.js";

const soonMs = 3_000;
const quietMs = 60;

/** A committed watch of a key, and whether it has fired. */
async function watchOf(stage: Stage, suffix: string): Promise<{ watch: Watch; fired: () => boolean }> {
  const transaction = stage.begin();
  const watch = transaction.watch(stage.key(suffix));
  let fired = false;
  watch.fired.then(
    () => {
      fired = true;
    },
    () => {},
  );
  await transaction.commit();
  return { watch, fired: () => fired };
}

export const watchCases: readonly CaseDefinition[] = [
  {
    name: "a watch outlives its transaction, waits while nothing changes, and fires on a change",
    needs: ["watches"],
    async run(stage) {
      await stage.put({ a: "1" });
      const { fired } = await watchOf(stage, "a");
      await stage.put({ b: "1" });
      equal(await within(quietMs, fired), false);
      await stage.put({ a: "2" });
      ok(await within(soonMs, fired));
    },
  },
  {
    name: "a watch fires when its key appears, and when it is cleared",
    needs: ["watches"],
    async run(stage) {
      const appears = await watchOf(stage, "a");
      await stage.put({ a: "1" });
      ok(await within(soonMs, appears.fired));
      const vanishes = await watchOf(stage, "a");
      await stage.clear();
      ok(await within(soonMs, vanishes.fired));
    },
  },
  {
    name: "a cancelled watch ends with 1101, at once",
    needs: ["watches"],
    async run(stage) {
      const { watch } = await watchOf(stage, "a");
      watch.cancel();
      await rejects(watch.fired, 1101);
      watch.cancel();
    },
  },
  {
    name: "a watch of a transaction that is reset or cancelled ends with 1025",
    needs: ["watches"],
    async run(stage) {
      for (const end of ["reset", "cancel"] as const) {
        const transaction = stage.begin();
        const watch = transaction.watch(stage.key("a"));
        transaction[end]();
        await rejects(watch.fired, 1025, 1101);
      }
    },
  },
  {
    name: "a watch of a transaction that conflicts ends with 1020",
    needs: ["watches"],
    async run(stage) {
      await stage.put({ a: "1" });
      const transaction = stage.begin();
      await transaction.get(stage.key("a"));
      const watch = transaction.watch(stage.key("b"));
      transaction.set(stage.key("c"), bytes("1"));
      await stage.put({ a: "2" });
      await rejects(transaction.commit(), 1020);
      await rejects(watch.fired, 1020);
    },
  },
  {
    name: "a watch counts from what its transaction wrote",
    needs: ["watches"],
    async run(stage) {
      await stage.put({ a: "1" });
      const transaction = stage.begin();
      transaction.set(stage.key("a"), bytes("2"));
      const watch = transaction.watch(stage.key("a"));
      let fired = false;
      watch.fired.then(() => {
        fired = true;
      }, ok);
      await transaction.commit();
      equal(await within(quietMs, () => fired), false);
      await stage.put({ a: "3" });
      ok(await within(soonMs, () => fired));
    },
  },
];
