/** Functions among the arguments of a call: what they throw, and what they answer. */
import { EngineError } from "../../../../engine/index.js";
import { tenantryError } from "../../../../errors/index.js";
import type { CallbackLie } from "../../../generate/attack.js";
import { change } from "./copies.js";

type Fn = (...args: readonly unknown[]) => unknown;

/** What is thrown: an error, nothing at all, what looks like errors of the engine, errors that throw when looked at. */
function throwables(fail: () => never): readonly (() => unknown)[] {
  const getters = (...names: readonly string[]): PropertyDescriptorMap =>
    Object.fromEntries(names.map((name) => [name, { get: fail }]));
  return [
    () => new Error("thrown by a function"),
    () => undefined,
    () => null,
    () => "a text",
    () => new EngineError(1020),
    () => new EngineError(1021),
    () => Object.assign(new Error("not committed"), { code: "ENGINE", fdbCode: 1020 }),
    () => ({ fdbCode: 1020, details: { fdbCode: 1020 } }),
    () => tenantryError("TRANSACTION_OUTCOME_UNKNOWN", { attempts: 1, fdbCode: 1021 }),
    () => Object.create(Error.prototype, getters("code", "fdbCode", "message", "stack", "name", "cause")),
    () => Object.freeze(new Error("frozen")),
    () => new Proxy(new Error("a proxy"), { get: fail, getPrototypeOf: fail }),
  ];
}

/** What functions lie with. */
export interface CallbackGround {
  readonly fail: () => never;
  /** Notes that the actor has thrown this. */
  thrown(error: unknown): void;
  /** A lie about what a function answers. */
  disguise(answer: unknown): unknown;
}

/** The function that stands in for `fn`. What it throws is the actor's own. */
export function callback(fn: Fn, lie: CallbackLie | undefined, variant: number, ground: CallbackGround): Fn {
  const { fail, thrown, disguise } = ground;
  let calls = 0;
  const lying = (answer: unknown): unknown => {
    if (lie === "answers a lie") return disguise(answer);
    if (lie === "changes its answer") queueMicrotask(() => change(answer));
    return answer;
  };
  return function (this: unknown, ...args) {
    try {
      // Now and then only from the second call on: what was done before is done.
      if (lie === "throws" && calls++ >= (variant % 3 === 2 ? 1 : 0)) {
        const all = throwables(fail);
        throw all[variant % all.length]?.();
      }
      const answer = Reflect.apply(fn, this, args);
      if (answer instanceof Promise) {
        return answer.then(lying, (error: unknown) => {
          thrown(error);
          throw error;
        });
      }
      return lie === "answers a promise" ? Promise.resolve(answer) : lying(answer);
    } catch (error) {
      thrown(error);
      throw error;
    }
  };
}
