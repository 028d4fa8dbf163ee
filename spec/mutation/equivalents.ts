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
const slots = "lib/transaction/run/marker-slots.ts";
const ownKeys = "the name of an operation shows when a key is refused, and the library's own keys are not";
const retry = "lib/transaction/run/retry.ts";
const running = "lib/transaction/run/running-work.ts";
const noneInside = "where nothing runs, nothing is inside: it spares a look";
const noneLeft = "where nothing runs, there is nothing to stop, and no more to wait for";
const stopper = "lib/transaction/run/stopper.ts";
const once = "a signal is aborted once";
const run = "lib/transaction/run/transaction-run.ts";
const settlement = "lib/transaction/run/settlement.ts";
const numbered = "attempts have numbers: the map holds nothing under undefined";
const host = "lib/transaction/host.ts";
const nobodysCall =
  "without policies none is asked, and the control plane's calls have no tenant: each part alone tells that";
const noneToTell = "nobody is told, whatever was put together for it";
const operation = "lib/transaction/operation.ts";
const oneKey = "one key is read a tick sooner than all of one";
const callPolicy = "lib/transaction/policy/call-policy.ts";
const inBounds = "there is a policy at every place up to the last; it tells the compiler so";
const readPlan = "lib/transaction/plan/read-plan.ts";
const onlyReads = "a run that only reads neither writes nor asks for a marker";
const writePlan = "lib/transaction/plan/write-plan.ts";
const hooked = "hooks.length > 0 && admission.record !== undefined";
const noHooks = "a chain of no hooks does nothing, and a tenant that nobody knows takes no writes";
const commits = "what commits is never released";
const systemRunner = "lib/transaction/system-runner.ts";
const gate = "lib/transaction/gate.ts";
const latest = "the tenant asked for last is found in the map as well";
const systemView = "lib/transaction/view/system-view.ts";
const tooShort = "a key that is no longer than the stamp's place is refused, whatever place is read from it";

/** Mutants of one file that change nothing for one reason. */
const alike = (
  file: string,
  reason: string,
  mutants: readonly (readonly [original: string, replacement: string])[],
): EquivalentMutant[] => mutants.map(([original, replacement]) => ({ file, original, replacement, reason }));

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
  { file: slots, original: `"set"`, replacement: `""`, reason: ownKeys },
  { file: slots, original: `"clearRange"`, replacement: `""`, reason: ownKeys },
  {
    file: slots,
    original: "[]",
    replacement: `["Stryker was here"]`,
    reason: "no hour has come yet: the first marker taken begins one, with no keys",
  },
  {
    file: retry,
    original: "fdbCode !== undefined",
    replacement: "true",
    reason: "no list of codes holds undefined; it tells the compiler so",
  },
  { file: running, original: "this.#stoppers.size > 0", replacement: "true", reason: noneInside },
  {
    file: running,
    original: "this.#stoppers.size > 0",
    replacement: "this.#stoppers.size >= 0",
    reason: noneInside,
  },
  { file: running, original: "true", replacement: "false", reason: noneLeft },
  { file: stopper, original: "{ once: true }", replacement: "{}", reason: once },
  { file: stopper, original: "true", replacement: "false", reason: once },
  {
    file: stopper,
    original: "this.#sources.signal?.reason",
    replacement: "this.#sources.signal.reason",
    reason: "it is called by a signal only",
  },
  {
    file: run,
    original: "stopper.reason !== undefined",
    replacement: "false",
    reason: "what stops a run is no engine's error, and after one of those the outcome counts as unknown anyway",
  },
  {
    file: run,
    original: "marked",
    replacement: "true",
    reason: "an attempt that left no marker is taken out again when its commit fails",
  },
  { file: settlement, original: "number === undefined", replacement: "false", reason: numbered },
  { file: settlement, original: "number !== undefined", replacement: "true", reason: numbered },
  {
    file: run,
    original: "() => this.#attempts",
    replacement: "() => undefined",
    reason: "it is for the error of a deadline that nobody gets to see: the run's own error is given",
  },
  ...alike(host, nobodysCall, [
    [`kind === "system"`, "false"],
    [`"system"`, `""`],
    ["tenantId === undefined", "false"],
    ["this.policies.length === 0", "false"],
    [`this.policies.length === 0 || kind === "system"`, "false"],
    [`this.policies.length === 0 || kind === "system"`, `this.policies.length === 0 && kind === "system"`],
    [
      `this.policies.length === 0 || kind === "system" || tenantId === undefined`,
      `(this.policies.length === 0 || kind === "system") && tenantId === undefined`,
    ],
  ]),
  ...alike(host, noneToTell, [
    ["ends.length === 0", "false"],
    ["ends.length > 0", "true"],
    ["ends.length > 0", "ends.length >= 0"],
    ["attempt.afterCommit.length > 0", "true"],
    ["attempt.afterCommit.length > 0", "attempt.afterCommit.length >= 0"],
  ]),
  ...alike(operation, oneKey, [
    ["keys.length === 1 && key !== undefined", "false"],
    ["key !== undefined", "true"],
    ["key !== undefined", "key === undefined"],
  ]),
  ...alike(callPolicy, inBounds, [
    ["at < policies.length", "at <= policies.length"],
    ["policies[at]?.enter", "policies[at].enter"],
  ]),
  ...alike(readPlan, onlyReads, [
    ["{ return unneeded(); }", "{}"],
    [`{ throw new TypeError("A run that only reads has no marker."); }`, "{}"],
    [`"A run that only reads has no marker."`, `""`],
    ["{ firstWrite: unneeded }", "{}"],
  ]),
  ...[writePlan, systemRunner].flatMap((file) => alike(file, commits, [["{ engine.cancel(); }", "{}"]])),
  ...alike(writePlan, noHooks, [
    [hooked, "true"],
    [hooked, "hooks.length > 0 || admission.record !== undefined"],
    ["hooks.length > 0", "true"],
    ["hooks.length > 0", "hooks.length >= 0"],
    ["admission.record !== undefined", "true"],
  ]),
  ...alike(gate, "a metadata version that was written once is there for good", [["a === undefined", "false"]]),
  ...alike(gate, latest, [
    ["this.#latest?.id === id", "false"],
    ["{ id, tenant }", "{}"],
  ]),
  { file: systemView, original: "body < 0", replacement: "body <= 0", reason: tooShort },
  {
    file: systemView,
    original: "last === undefined",
    replacement: "false",
    reason: "a batch after which more follow has rows; it tells the compiler so",
  },
];
