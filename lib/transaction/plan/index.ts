/** Plans: what a run does for one tenant. */
export { beginReading, OwnReadPlan, type ReadFunction, ReadPlan } from "./read-plan.js";
export { performSync } from "./sync-read.js";
export { type VerifyFunction, VerifyPlan } from "./verify-plan.js";
export { OperationPlan, OwnWritePlan, type WriteFunction, WritePlan } from "./write-plan.js";
