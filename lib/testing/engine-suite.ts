/** One suite for every engine: cases that throw when the engine under test is not what the port says. */
import { randomBytes } from "node:crypto";
import type { Engine } from "../engine/index.js";
import { optionNames, takeOptions } from "../options/index.js";
import { atomicCases } from "./engine-cases/atomics.js";
import type { CaseDefinition, EngineFeature } from "./engine-cases/case.js";
import { conflictCases } from "./engine-cases/conflicts.js";
import { lifecycleCases } from "./engine-cases/lifecycle.js";
import { limitCases } from "./engine-cases/limits.js";
import { optionCases } from "./engine-cases/options.js";
import { rangeCases } from "./engine-cases/ranges.js";
import { readCases } from "./engine-cases/reads.js";
import { Stage } from "./engine-cases/stage.js";
import { versionCases } from "./engine-cases/versions.js";
import { watchCases } from "./engine-cases/watches.js";

/**
 * What the suite runs on, and what that does not have.
 *
 * @example
 * ```ts
 * import { memory, openEngine } from "tenantry/engine";
 * import type { EngineSuiteOptions } from "tenantry/testing";
 * const options: EngineSuiteOptions = {
 *   open: () => openEngine(memory()),
 *   lacking: { wholeKeyspace: "other data is in it" },
 * };
 * ```
 */
export interface EngineSuiteOptions {
  /** Opens the engine under test. The cases share one; those about closing open their own. */
  readonly open: () => Promise<Engine>;
  /**
   * What every key of the suite starts with, so that it can run where other data is; a random one by default.
   * Everything under it is cleared before each case and at the end.
   */
  readonly prefix?: Uint8Array | undefined;
  /** What the engine under test does not have, each with the reason; cases that need it are skipped for it. */
  readonly lacking?: { readonly [Feature in EngineFeature]?: string | undefined } | undefined;
}

const suiteNames = optionNames<EngineSuiteOptions>({ open: true, prefix: true, lacking: true });

/**
 * One case: framework-free, so that any test runner can run it.
 *
 * @example
 * ```ts
 * import type { EngineCase } from "tenantry/testing";
 * async function tried({ name, run }: EngineCase): Promise<string> {
 *   return run().then(
 *     () => `ok ${name}`,
 *     (error: unknown) => `not ok ${name}: ${error}`,
 *   );
 * }
 * ```
 */
export interface EngineCase {
  /** What it is about, then what must hold. */
  readonly name: string;
  /** Why it is not to be run; undefined when it is. Cases about isolation always are. */
  readonly skip: string | undefined;
  /** Runs the case; rejects with what is wrong. Cases share an engine and run one after another. */
  run(): Promise<void>;
}

/**
 * The suite for one engine.
 *
 * @example
 * ```ts
 * import type { EngineSuite } from "tenantry/testing";
 * async function runAll(suite: EngineSuite): Promise<void> {
 *   for (const { skip, run } of suite.cases) if (skip === undefined) await run();
 *   await suite.close();
 * }
 * ```
 */
export interface EngineSuite {
  readonly cases: readonly EngineCase[];
  /** Clears what the suite wrote and closes its engine. */
  close(): Promise<void>;
}

const groups: Readonly<Record<string, readonly CaseDefinition[]>> = {
  reads: readCases,
  ranges: rangeCases,
  atomics: atomicCases,
  isolation: conflictCases,
  versions: versionCases,
  watches: watchCases,
  options: optionCases,
  limits: limitCases,
  lifecycle: lifecycleCases,
};

/**
 * The shared suite of the engine port, method by method: what `embedded`, `memory` and `foundationdb` pass, and an
 * engine of your own should.
 *
 * @example
 * ```ts
 * import { afterAll, describe, test } from "vitest";
 * import { memory, openEngine } from "tenantry/engine";
 * import { engineSuite } from "tenantry/testing";
 *
 * describe("memory()", () => {
 *   const suite = engineSuite({ open: () => openEngine(memory()) });
 *   for (const { name, skip, run } of suite.cases) test.skipIf(skip !== undefined)(name, run);
 *   afterAll(() => suite.close());
 * });
 * ```
 */
export function engineSuite(given: EngineSuiteOptions): EngineSuite {
  const options = takeOptions(given, suiteNames, "engineSuite");
  const prefix = options.prefix ?? Uint8Array.from([0x02, ...randomBytes(12), 0x00]);
  const lacking = options.lacking ?? {};
  let shared: Promise<Engine> | undefined;
  const engine = (): Promise<Engine> => {
    shared ??= options.open();
    return shared;
  };
  const stage = async (): Promise<Stage> => new Stage(await engine(), prefix, options.open);
  const cases = Object.entries(groups).flatMap(([group, definitions]) =>
    definitions.map(({ name, needs = [], run }): EngineCase => {
      const missing = needs.find((feature) => lacking[feature] !== undefined);
      return {
        name: `${group}: ${name}`,
        skip: missing === undefined ? undefined : lacking[missing],
        run: async () => {
          const fresh = await stage();
          await fresh.clear();
          await run(fresh);
        },
      };
    }),
  );
  return {
    cases,
    close: async () => {
      if (shared === undefined) return;
      await (await stage()).clear();
      await (await shared).close();
    },
  };
}
