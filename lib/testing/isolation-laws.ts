/** Isolation laws over a user's own entities: property tests that look for a way out of a tenant. */
import { memory } from "../engine/index.js";
import { optionNames, takeOptions } from "../options/index.js";
import type { QuotaOptions } from "../quota/index.js";
import type { AnyEntity } from "../schema/index.js";
import type { RecordMaker } from "./generate/records/record-maker.js";
import type { TestEngine } from "./isolation/engines/test-engine.js";
import { casesOf, type IsolationCase } from "./isolation/laws.js";
import { type TestFunction, testFunction } from "./test-runner.js";

/**
 * What the laws are tried with.
 *
 * @example
 * ```ts
 * import { type IsolationOptions, isolationCases } from "tenantry/testing";
 * const options: IsolationOptions = { entities: [], runs: 1_000, seed: 42 };
 * const cases = isolationCases(options);
 * ```
 */
export interface IsolationOptions {
  /** The entities whose repositories are used; a run uses all of them. */
  readonly entities: readonly AnyEntity[];
  /**
   * The engine to run on, `memory()` by default. On any other the laws keep to a random root of their own, and clear
   * it after each run. An engine already open stays the caller's to close; what a function opens is closed after
   * each law.
   */
  readonly engine?: TestEngine | undefined;
  /** Runs of each law, 100 by default; each takes some 20 milliseconds on `memory()`. */
  readonly runs?: number | undefined;
  /** Where chance begins: what a failure prints, to see it again. */
  readonly seed?: number | undefined;
  /** Operations of a run at most, 12 by default. */
  readonly steps?: number | undefined;
  /**
   * By an entity's name, makes an input from a number: for schemas whose checks no generator satisfies
   * (`TEST_RECORDS_MISSING` says so).
   */
  readonly records?: Readonly<Record<string, RecordMaker | undefined>> | undefined;
  /**
   * Quotas as `open` takes them. Half of the runs have these, the tenant that acts a plan of theirs and the others one
   * without bounds; unless given, plans made for the run that bound everything there is, a little or a lot.
   */
  readonly quotas?: QuotaOptions | undefined;
}

/**
 * What {@link isolationLaws} takes.
 *
 * @example
 * ```ts
 * import { type IsolationLawsOptions, isolationLaws } from "tenantry/testing";
 * import { test } from "node:test";
 * const options: IsolationLawsOptions = { entities: [], test, timeoutMs: 60_000 };
 * isolationLaws(options);
 * ```
 */
export interface IsolationLawsOptions extends IsolationOptions {
  /** The test function of Vitest, of Jest or of `node:test`; the global one by default. */
  readonly test?: TestFunction | undefined;
  /** Milliseconds that each law has, 120,000 by default. */
  readonly timeoutMs?: number | undefined;
}

/**
 * The isolation laws as cases, for a test runner of any kind.
 *
 * @example
 * ```ts
 * import { entity } from "tenantry";
 * import { isolationCases } from "tenantry/testing";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 *
 * for (const { name, run } of isolationCases({ entities: [City], runs: 20 })) {
 *   await run();
 *   console.log(`${name}: holds`);
 * }
 * ```
 */
export function isolationCases(options: IsolationOptions): readonly IsolationCase[] {
  return casesWith(takeOptions(options, optionNames<IsolationOptions>(lawParts), "isolationCases"));
}

const lawParts = {
  entities: true,
  engine: true,
  runs: true,
  seed: true,
  steps: true,
  records: true,
  quotas: true,
} as const;

function casesWith(options: IsolationOptions): readonly IsolationCase[] {
  const { entities, engine = memory(), runs = 100, seed, steps = 12, records = {}, quotas } = options;
  return casesOf({ entities, engine, runs, seed, steps, records, quotas });
}

/**
 * Registers the isolation laws as tests over your own entities: random records and hostile ids, every method of a
 * repository, transactions, stolen and forged cursors, tenants whose ids differ in one bit, commits whose outcome is
 * lost; with and without quotas and an audit. Whatever one tenant does,
 *
 * - every key asked for, returned, written, watched or conflicted on is its own (`assertStaysInTenant`)
 * - the rows of everybody else stay the same, byte for byte (`assertOthersUnchanged`)
 * - what others hold changes no answer and no call of the engine (`assertForeignLooksMissing`)
 * - no answer, error, log line, measurement or span names another tenant (`assertSilentAbout`)
 * - a cursor opens for its tenant, query and principal alone (`assertCursorRefused`)
 * - a foreign row that an engine gives makes no answer
 * - who lies about values, options and callbacks gets no further: what is stored is what was given (`assertAsGiven`),
 *   roles, suspension and rates hold (`assertBehindWall`), and all that is stored can be read (`assertInOrder`)
 *
 * Needs the package `fast-check`.
 *
 * @throws `TEST_RUNNER_MISSING` when no `test` is given and there is none among the globals; each law,
 *   `TEST_PEER_MISSING`, `TEST_RECORDS_MISSING` and `TEST_SCHEMA_RANDOM`.
 *
 * @example
 * ```ts
 * import { entity } from "tenantry";
 * import { isolationLaws } from "tenantry/testing";
 * import { test } from "vitest";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 *
 * isolationLaws({ entities: [City], test });
 * ```
 */
export function isolationLaws(options: IsolationLawsOptions): void {
  const names = optionNames<IsolationLawsOptions>({ ...lawParts, test: true, timeoutMs: true });
  const { test = testFunction(), timeoutMs = 120_000, ...laws } = takeOptions(options, names, "isolationLaws");
  for (const { name, run } of casesWith(laws)) test(name, run, timeoutMs);
}
