/** Mutants that behave as the original does, each with the reason. */

/** One of them, found again by its text. */
export interface EquivalentMutant {
  readonly file: string;
  readonly original: string;
  readonly replacement: string;
  readonly reason: string;
}

const validate = "lib/guard/validate-query.ts";
const both = `"begin" in query && "end" in query`;
const narrowed = "tells the compiler what the switch has found already";
const bounds = "without a fault both bounds are bytes; it tells the compiler so";
const violation = "lib/guard/violation.ts";
const kept = "how many derived keys are kept changes how often one is derived, and nothing of what it is";
const cursor = "lib/repository/cursor.ts";

export const equivalents: readonly EquivalentMutant[] = [
  { file: validate, original: both, replacement: "true", reason: narrowed },
  { file: validate, original: both, replacement: `"begin" in query || "end" in query`, reason: narrowed },
  { file: validate, original: `typeof first !== "string"`, replacement: "true", reason: bounds },
  { file: validate, original: `typeof last !== "string"`, replacement: "true", reason: bounds },
  { file: validate, original: `"string"`, replacement: `""`, reason: bounds },
  {
    file: violation,
    original: "this.#onViolation === undefined",
    replacement: "false",
    reason: "without a hook nobody is told; only what is counted shows, and that is the same",
  },
  {
    file: violation,
    original: "false",
    replacement: "true",
    reason: "without a hook nobody is told, whether the report is admitted or not",
  },
  {
    file: violation,
    original: "this.#onViolation?.(violation)",
    replacement: "this.#onViolation(violation)",
    reason: "a report is made only when there is a hook",
  },
  {
    file: "lib/keyspace/tenant-range.ts",
    original: "i < words.length",
    replacement: "false",
    reason: "the bytes that are not compared four at a time are compared singly",
  },
  {
    file: cursor,
    original: "kept !== undefined && equalBytes(kept.of, key.secret)",
    replacement: "false",
    reason: kept,
  },
  ...["true", "false", "this.#kept.size >= cursorSecretsCachedMax", "this.#kept.size <= cursorSecretsCachedMax"].map(
    (replacement) => ({
      file: cursor,
      original: "this.#kept.size > cursorSecretsCachedMax",
      replacement,
      reason: kept,
    }),
  ),
  {
    file: cursor,
    original: "{ for (const oldest of this.#kept.keys()) { this.#kept.delete(oldest); break; } }",
    replacement: "{}",
    reason: kept,
  },
  { file: cursor, original: "{ this.#kept.delete(oldest); break; }", replacement: "{}", reason: kept },
  {
    file: validate,
    original: `typeof offset !== "number"`,
    replacement: "false",
    reason: "what is no number is no whole number either, which is asked next",
  },
  { file: cursor, original: `"utf8"`, replacement: `""`, reason: "UTF-8 is what Node takes when no encoding is named" },
  {
    file: cursor,
    original: "{ authTagLength: tagBytes, }",
    replacement: "{}",
    reason: "the tag given is a slice of that length: shorter texts were refused before",
  },
];
