/** Set-up of mutation runs: the same cases for every mutant, and no time spent on shrinking. */
import fc from "fast-check";

fc.configureGlobal({ seed: 1, endOnFailure: true });
