/** Acting: a script's steps performed through the public interface of one tenant. */
export { Actor, type Stolen } from "./actor.js";
export { tampered } from "./tampered.js";
