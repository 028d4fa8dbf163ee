/** Signals of callers: asked by what every AbortSignal inherits. One of another realm or package is asked as it is; what it throws is nobody's. */
const { apply } = Reflect;
const none: readonly never[] = [];

function inheritedGetter(name: "aborted" | "reason"): () => unknown {
  const getter = Object.getOwnPropertyDescriptor(AbortSignal.prototype, name)?.get;
  if (getter === undefined) throw new TypeError(`Signals have no ${name}.`);
  return getter;
}

const readAborted = inheritedGetter("aborted");
const readReason = inheritedGetter("reason");
const { addEventListener, removeEventListener } = EventTarget.prototype;
const once: { readonly once: boolean } = Object.freeze(Object.assign(Object.create(null), { once: true }));

/** What `read` gives; undefined where it throws. */
function contained<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Whether the language's own functions work on it. */
const isOwn = (signal: object): boolean =>
  contained(() => typeof apply(readAborted, signal, none) === "boolean") === true;

/** Whether it is a signal, also one of another realm, or of a package that brings its own. */
export const isSignal = (value: unknown): value is AbortSignal =>
  typeof value === "object" &&
  value !== null &&
  (isOwn(value) ||
    contained(
      () =>
        typeof Reflect.get(value, "aborted") === "boolean" &&
        typeof Reflect.get(value, "addEventListener") === "function",
    ) === true);

/** Whether it is aborted by now. */
export const isAborted = (signal: AbortSignal): boolean =>
  isOwn(signal) ? apply(readAborted, signal, none) === true : contained(() => signal.aborted) === true;

/** Why it was aborted. */
export const abortReason = (signal: AbortSignal): unknown =>
  isOwn(signal) ? apply(readReason, signal, none) : contained(() => signal.reason);

/** Calls `fn` when it is aborted, once; unless {@link stopListening} is called first. */
export function listen(signal: AbortSignal, fn: () => void): void {
  if (isOwn(signal)) apply(addEventListener, signal, ["abort", fn, once]);
  else contained(() => signal.addEventListener("abort", fn, once));
}

/** Calls `fn` no more. */
export function stopListening(signal: AbortSignal, fn: () => void): void {
  if (isOwn(signal)) apply(removeEventListener, signal, ["abort", fn]);
  else contained(() => signal.removeEventListener("abort", fn));
}
