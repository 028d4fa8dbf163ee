/** Engines in front of engines, for tests: one that fails on purpose, one that records. */
export type { Access, AccessKind } from "./access.js";
export type { FaultKind, FaultOptions, FaultRates, InjectedFault } from "./fault.js";
export { type FaultyEngine, faulty } from "./faulty.js";
export { type RecordingEngine, recording } from "./recording.js";
