/** Runs: attempts, retries, markers, and what stops them. */
export { CallObserver } from "./call-observer.js";
export { named } from "./engine-refusal.js";
export { Marker } from "./marker.js";
export { controlMarkers, idempotencyMarker, type MarkerPlace, MarkerSlots, tenantMarkers } from "./marker-slots.js";
export { RunningWork } from "./running-work.js";
export type { Applied, RunHost } from "./settlement.js";
export { Stopper } from "./stopper.js";
export { emptyTally, type Tally } from "./tally.js";
export { type AttemptedAtOnce, type OpenedAttempt, type RunPlan, TransactionRun } from "./transaction-run.js";
