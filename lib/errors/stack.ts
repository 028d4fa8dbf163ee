/** Stacks that begin in the program that called: the library's own frames above it are left out. */
import { fileURLToPath } from "node:url";

/** Frames captured beside those that a stack shows, since the first of them are the library's. */
const ownFramesMax = 60;
/** Captures kept of one error: one that is handed to many callers leaves by as many doors. */
const capturesMax = 3;

/** The library's dependencies that call it back. */
const dependencies = /[\\/]node_modules[\\/](?:zod|lmdb|jose|uuid|p-limit|@opentelemetry)[\\/]/;
/** Frames that are nobody's: of Node, built-in functions and combinators of promises. */
const nobody = /(?:\(|at |async )node:|\(<anonymous>\)$|\(native\)$|\(index \d+\)$/;

/**
 * Where the library's code lies, its sources too, since source maps may name these; nothing where it was put into a
 * bundle together with the program, whose frames could then not be told from its own.
 */
function ownFolders(url: string): readonly string[] {
  const at = /^(.*\/)(?:(?:lib|dist)\/errors\/stack\.[jt]s|(?<=\/node_modules\/tenantry\/)dist\/[^?]*)/.exec(url)?.[1];
  if (at === undefined) return [];
  const folders = [`${at}lib/`, `${at}dist/`];
  return [...folders, ...folders.map((folder) => fileURLToPath(folder))];
}

const own = ownFolders(import.meta.url);
const isPassedOver = (frame: string): boolean =>
  own.some((folder) => frame.includes(folder)) || nobody.test(frame) || dependencies.test(frame);

/** Text in which V8 puts the frames when it is first read. */
interface Captured {
  readonly stack?: unknown;
}

/** What was captured for an error: where it was made, and then the doors it left by. */
const captures = new WeakMap<object, Captured[]>();

/** `undefined` where the program has done without stacks, or does not let the bound be changed. */
const shownFrames = (): number | undefined => {
  const { stackTraceLimit } = Error;
  return typeof stackTraceLimit === "number" && stackTraceLimit > 0 ? stackTraceLimit : undefined;
};

/** Captures the frames below `above`. */
function capture(above: unknown): Captured | undefined {
  const shown = shownFrames();
  if (shown === undefined || !Reflect.set(Error, "stackTraceLimit", shown + ownFramesMax)) return undefined;
  const captured: Captured = {};
  Error.captureStackTrace(captured, typeof above === "function" ? (above as () => void) : capture);
  Reflect.set(Error, "stackTraceLimit", shown);
  return captured;
}

function framesOf({ stack }: Captured): readonly string[] {
  return typeof stack === "string" ? stack.split("\n").filter((line) => /^\s+at /.test(line)) : [];
}

/** The frames from the first of the program's on; of the first capture that has one, else all that were captured first. */
function shownOf(captured: readonly Captured[]): readonly string[] {
  let whole: readonly string[] = [];
  for (const each of captured) {
    const frames = framesOf(each);
    const first = frames.findIndex((frame) => !isPassedOver(frame));
    if (first >= 0) return frames.slice(first);
    if (whole.length === 0) whole = frames;
  }
  return whole;
}

const property: PropertyDescriptor & ThisType<Error> = {
  configurable: true,
  enumerable: false,
  get() {
    const frames = shownOf(captures.get(this) ?? []).slice(0, shownFrames() ?? 0);
    return [`${this.name}: ${this.message}`, ...frames].join("\n");
  },
  set(value) {
    Object.defineProperty(this, "stack", { value, configurable: true, enumerable: false, writable: true });
  },
};

/** Gives a new error its stack, which is put together when it is first read. */
export function beginStack(error: Error): void {
  const captured = capture(error.constructor);
  if (captured === undefined) return;
  captures.set(error, [captured]);
  Object.defineProperty(error, "stack", property);
}

/**
 * An error as it leaves: where it was made far from the program's code, after a wait or for an event, its stack begins
 * where the program waits for it.
 */
export function leaving<E>(error: E): E {
  const captured = typeof error === "object" && error !== null ? captures.get(error) : undefined;
  if (captured === undefined || captured.length >= capturesMax) return error;
  const here = capture(leaving);
  if (here !== undefined) captured.push(here);
  return error;
}

/** Has the errors made until {@link resumeStacks} capture no frames, as `super` of one would that has them captured anew. */
export function pauseStacks(): number | undefined {
  const shown = shownFrames();
  return shown !== undefined && Reflect.set(Error, "stackTraceLimit", 0) ? shown : undefined;
}

export function resumeStacks(shown: number | undefined): void {
  if (shown !== undefined) Reflect.set(Error, "stackTraceLimit", shown);
}
