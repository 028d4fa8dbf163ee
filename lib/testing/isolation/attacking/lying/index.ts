/** Lying: what is done to the arguments of a call, and to what is held on to after it. */
export { change } from "./copies.js";
export { Disguise, type Grounds } from "./disguise.js";
