/** The one way in which options of callers are read. */
import { tenantryError } from "../errors/index.js";
import { isSignal } from "../intrinsics/index.js";
import { optionNameCharsMax } from "../limits/index.js";
import { nearestName } from "./nearest-name.js";
import type { KeysOf, OptionNames } from "./option-names.js";

/** What is taken is made of: it inherits nothing, so that whoever reads it sees what was given and no more. */
class Taken {}
Reflect.deleteProperty(Taken.prototype, "constructor");
Object.setPrototypeOf(Taken.prototype, null);
Object.freeze(Taken.prototype);

const nothing: object = Object.freeze(new Taken());

/**
 * An object of the library's own with the options given: each is read once, and only from the object's own enumerable
 * properties. What is inherited counts for nothing. Values are handed on as they are: what is an array, an object or
 * bytes is still the caller's. Only a `signal` means the same everywhere, and is one.
 *
 * @param of The method or type whose options they are, for the error.
 * @throws OPTIONS_INVALID for what is no object, OPTION_UNKNOWN for a property with another name,
 * TRANSACTION_OPTION_INVALID for a `signal` that is none.
 */
export function takeOptions<O extends object>(given: O, names: OptionNames<KeysOf<O>>, of: string): O;
export function takeOptions<O extends object>(
  given: O | undefined,
  names: OptionNames<KeysOf<O>>,
  of: string,
): Partial<O>;
export function takeOptions(given: unknown, names: OptionNames<string>, of: string): object {
  if (given === undefined) return nothing;
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw tenantryError("OPTIONS_INVALID", { of });
  }
  const taken = new Taken() as Record<string, unknown>;
  for (const name of Object.keys(given)) {
    if (!names.has(name)) throw unknownOption(of, name, names.all);
    taken[name] = (given as Record<string, unknown>)[name];
  }
  const { signal } = taken;
  if (signal !== undefined && !isSignal(signal)) {
    throw tenantryError("TRANSACTION_OPTION_INVALID", { option: "signal", reason: "not an AbortSignal" });
  }
  return taken;
}

/**
 * As `takeOptions`, of a value that may say more than is asked for, as a principal does of a context: what else it has is
 * left out.
 */
export function takeNamed<O extends object>(given: O, names: OptionNames<KeysOf<O>>, of: string): O;
export function takeNamed(given: unknown, names: OptionNames<string>, of: string): object {
  if (typeof given !== "object" || given === null) throw tenantryError("OPTIONS_INVALID", { of });
  const taken = new Taken() as Record<string, unknown>;
  for (const name of names.all) {
    if (Object.hasOwn(given, name)) taken[name] = (given as Record<string, unknown>)[name];
  }
  return taken;
}

function unknownOption(of: string, name: string, names: readonly string[]): Error {
  const option = name.slice(0, optionNameCharsMax).replace(/\p{Surrogate}/gu, "\ufffd");
  return tenantryError("OPTION_UNKNOWN", { of, option, nearest: nearestName(option, names) });
}
