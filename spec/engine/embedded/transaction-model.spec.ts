/** Random histories of interleaved transactions against a naive model. */
import * as fc from "fast-check";
import { afterAll, describe, test } from "vitest";
import { memory, openEngine } from "../../../lib/engine/index.js";
import { runs } from "../../runs.js";
import { arrayEngine } from "../array-engine.js";
import { historyArbitrary, runHistory } from "../random-history.js";

describe("random histories", () => {
  test("agree with the model on the array engine", async () => {
    await fc.assert(
      fc.asyncProperty(historyArbitrary, (history) => runHistory(arrayEngine(), history)),
      { numRuns: runs(500) },
    );
  });

  const opened = openEngine(memory());
  afterAll(async () => (await opened).close());

  test("agree with the model on memory()", async () => {
    const engine = await opened;
    await fc.assert(
      fc.asyncProperty(historyArbitrary, (history) => runHistory(engine, history)),
      { numRuns: runs(300) },
    );
  });
});
