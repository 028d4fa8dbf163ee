/** Sign-ins that were not strong enough: whose they were, for those who write down what was refused. */
import type { CodedError } from "../../errors/index.js";
import type { Principal } from "../tokens/principal.js";

const refused = new WeakMap<object, Principal>();

/** The error, with whom it refuses: not in the error, where it could leave with it. */
export function refusedSignIn<E extends CodedError>(error: E, principal: Principal): E {
  refused.set(error, principal);
  return error;
}

/** Whose sign-in an error refuses; undefined for any other error. */
export const signInOf = (error: unknown): Principal | undefined =>
  typeof error === "object" && error !== null ? refused.get(error) : undefined;
