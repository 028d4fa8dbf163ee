/** Runs: attempts, retries, markers, and what stops them. */
export { CallObserver, codeOf } from "./call-observer.js";
export { LoneCommits } from "./lone-commits.js";
export { Marker } from "./marker.js";
export { controlMarkers, idempotencyMarker, type MarkerPlace, MarkerSlots, tenantMarkers } from "./marker-slots.js";
export { commitUnknownResult, fdbCodeOf, isRetryable, notCommitted } from "./retry.js";
export { RunningWork } from "./running-work.js";
export { Stopper } from "./stopper.js";
export { emptyTally, type Tally } from "./tally.js";
export { type Applied, type OpenedAttempt, type RunHost, type RunPlan, TransactionRun } from "./transaction-run.js";
