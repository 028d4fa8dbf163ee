/** Published as `tenantry/testing`: what users test their own code with. */
export {
  type Access,
  type AccessKind,
  type FaultKind,
  type FaultOptions,
  type FaultRates,
  type FaultyEngine,
  faulty,
  type InjectedFault,
  type RecordingEngine,
  recording,
} from "../engine/faults/index.js";
export type { EngineFeature } from "./engine-cases/case.js";
export {
  type EngineCase,
  type EngineSuite,
  type EngineSuiteOptions,
  engineSuite,
} from "./engine-suite.js";
export type { RecordMaker } from "./generate/records/record-maker.js";
export {
  assertCursorRefused,
  assertForeignLooksMissing,
  assertOthersUnchanged,
  assertSilentAbout,
  assertStaysInTenant,
  type KeptRow,
  type RootOptions,
  type Transcript,
} from "./isolation/assertions.js";
export type { TestEngine } from "./isolation/engines/test-engine.js";
export type { IsolationCase } from "./isolation/laws.js";
export { mentionOf, type Reached, reachable } from "./isolation/mention.js";
export type { Outcome } from "./isolation/outcome.js";
export { type IsolationLawsOptions, type IsolationOptions, isolationCases, isolationLaws } from "./isolation-laws.js";
export { type Sandbox, type SandboxOptions, sandbox } from "./sandbox.js";
export type { HookFunction, TestFunction } from "./test-runner.js";
