/** How specs run the shared engine suite under Vitest. */
import { afterAll, describe, test } from "vitest";
import { type EngineSuiteOptions, engineSuite } from "../../lib/testing/index.js";

/** Runs the engine suite on what `options.open` opens; a skipped case carries its reason in its name. */
export function runEngineSuite(name: string, options: EngineSuiteOptions): void {
  describe(name, () => {
    const suite = engineSuite(options);
    for (const { name: title, skip, run } of suite.cases) {
      if (skip === undefined) test(title, run);
      else test.skip(`${title} (${skip})`);
    }
    afterAll(() => suite.close());
  });
}
