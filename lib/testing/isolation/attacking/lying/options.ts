/** Options nobody has asked for: internal names, unknown ones, signals that lie; by themselves, inherited, or everywhere. */

import type { TenantId } from "../../../../tenant/index.js";
import type { OptionMove } from "../../../generate/attack.js";
import { define, isPlain } from "./copies.js";

/** What options lie with. */
export interface OptionGround {
  readonly fail: () => never;
  readonly neighbour: TenantId;
  /** Notes what a function was called with that nobody should call. */
  heard(args: readonly unknown[]): void;
}

/** Signals: aborted, aborted at any time, with listeners that throw, or whose answers change. */
function signals({ fail, heard }: OptionGround): readonly (() => unknown)[] {
  const over = (fields: PropertyDescriptorMap): AbortSignal =>
    Object.defineProperties(new AbortController().signal, fields);
  /** What nobody calls who asks a signal by what all signals inherit. */
  const own = (...args: readonly unknown[]): never => {
    heard(args);
    return fail();
  };
  let asked = 0;
  return [
    () => AbortSignal.abort(),
    () => {
      const controller = new AbortController();
      queueMicrotask(() => controller.abort());
      return controller.signal;
    },
    () => over({ addEventListener: { value: own } }),
    () => over({ removeEventListener: { value: own } }),
    () => over({ aborted: { get: own } }),
    () => over({ aborted: { get: () => asked++ % 2 === 1 } }),
    () => over({ aborted: { value: true }, reason: { get: own } }),
    () => ({ aborted: false, addEventListener: fail, removeEventListener: fail }),
    () => ({ aborted: false }),
    () => "no signal",
  ];
}

function given({ name, variant }: OptionMove, ground: OptionGround): unknown {
  const { neighbour, heard, fail } = ground;
  if (name === "signal") {
    const all = signals(ground);
    return all[variant % all.length]?.();
  }
  if (name === "limit") return 1;
  if (name === "onProgress") return variant % 2 === 0 ? fail : () => {};
  const context = { tenant: neighbour, subject: "somebody else", roles: ["all", "bound to nothing"] };
  const join = (...args: readonly unknown[]): void => heard(args);
  const fitting: Readonly<Record<string, unknown>> = { join, own: true, operator: "somebody else", context };
  if (variant % 2 === 0 && name in fitting) return fitting[name];
  const values: readonly unknown[] = [
    join,
    true,
    "somebody else",
    context,
    neighbour,
    1,
    fail,
    { right: () => true, assertAll: () => {}, operation: "somebody else", entity: "another" },
  ];
  return values[variant % values.length];
}

/**
 * The arguments with an option more: in their last object, or in one of its own behind them. The second value takes back
 * what every object has meanwhile.
 */
export function withOption(args: readonly unknown[], move: OptionMove, ground: OptionGround): [unknown[], () => void] {
  const { name, variant, from } = move;
  const value = given(move, ground);
  if (from === "every prototype") {
    const inherited = Object.getOwnPropertyDescriptor(Object.prototype, name);
    if (inherited === undefined) {
      Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
      return [[...args], () => void Reflect.deleteProperty(Object.prototype, name)];
    }
    return [[...args], () => {}];
  }
  const last = args.at(-1);
  const [object, others] =
    variant % 3 !== 0 && isPlain(last) && Object.isExtensible(last) ? [last, args.slice(0, -1)] : [{}, args];
  if (from === "the object") {
    define(object, name, value);
    return [[...others, object], () => {}];
  }
  // An own one that is undefined would stand before it.
  if (Reflect.get(object, name) === undefined) Reflect.deleteProperty(object, name);
  return [[...others, Object.setPrototypeOf(object, { [name]: value })], () => {}];
}
