/** Views: what transactions of a tenant are seen through, and the attempt behind them. */
export type { AttemptPolicy } from "./attempt.js";
export { Attempt } from "./attempt.js";
export type { KnownStates } from "./entity-states.js";
export { HookChain } from "./hook-chain.js";
export { ReadView } from "./read-view.js";
export { SystemView } from "./system-view.js";
export { TenantView } from "./tenant-view.js";
