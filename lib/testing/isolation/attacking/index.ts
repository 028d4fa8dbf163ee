/** Attacks: an actor whose arguments lie, and the law that holds against it. */
export { attacked } from "./attacked.js";
export { Planted } from "./planted.js";
