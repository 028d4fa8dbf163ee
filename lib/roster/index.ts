/** Rosters: who is there now. */
export { type Placed, Roster } from "./roster.js";
export { onAborted } from "./signal-listeners.js";
