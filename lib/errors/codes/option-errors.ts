/** Codes of options that a call or a definition does not take. */
import { define } from "../definition.js";

export const optionErrors = {
  OPTION_UNKNOWN: define<{ of: string; option: string; nearest: string | undefined }>()(
    "usage",
    "There is no such option.",
    "of",
    "option",
    "nearest",
  ),
  PORT_FAILED: define<{ port: string }>()(
    "unavailable",
    "What the program gave to `open` threw, or gave no answer; the library went on without it.",
  ),
  FUNCTION_INVALID: define<{ of: string }>()("usage", "What should be a function is none.", "of"),
  OPTIONS_INVALID: define<{ of: string }>()("usage", "Options are given as an object.", "of"),
} as const;
