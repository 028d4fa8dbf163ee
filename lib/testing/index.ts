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
