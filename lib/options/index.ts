/** Options as callers give them: taken by name, once. */

export { assertFunction, assertFunctionIfGiven } from "./assert-function.js";
export { copiedList } from "./copied-list.js";
export { type KeysOf, type OptionNames, optionNames } from "./option-names.js";
export { takeNamed, takeOptions } from "./take-options.js";
