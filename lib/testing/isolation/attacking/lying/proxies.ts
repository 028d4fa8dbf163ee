/** Proxies of values: whose answers change, that answer nothing, that are revoked. */
import type { Ground } from "./ground.js";

/** A length that is not an array's. */
const longer = 40;

/** A proxy whose answers change from one time to the next. */
export function wavering(value: object, other: unknown, ground: Ground): object {
  let asked = 0;
  const turns = (): boolean => ground.isOn() && asked++ % 2 === 1;
  return new Proxy(value, {
    get: (target, name) => {
      const answer: unknown = Reflect.get(target, name, target);
      // A length without end would only keep the actor's own process busy.
      if (turns() && typeof answer !== "function") return name === "length" ? longer : other;
      return typeof answer === "function" ? answer.bind(target) : answer;
    },
    ownKeys: (target) => {
      const keys = Reflect.ownKeys(target);
      return turns() ? keys.filter((key) => !Reflect.getOwnPropertyDescriptor(target, key)?.configurable) : keys;
    },
    has: (target, name) => Reflect.has(target, name) !== turns(),
  });
}

/** A proxy of which nothing can be asked. */
export function refusing(value: object, { fail, isOn }: Ground): object {
  const trap =
    <K extends "get" | "ownKeys" | "getPrototypeOf" | "getOwnPropertyDescriptor" | "has">(name: K) =>
    (...args: readonly unknown[]): never =>
      (isOn() ? fail() : Reflect.apply(Reflect[name], Reflect, args)) as never;
  return new Proxy(value, {
    get: trap("get"),
    ownKeys: trap("ownKeys"),
    getPrototypeOf: trap("getPrototypeOf"),
    getOwnPropertyDescriptor: trap("getOwnPropertyDescriptor"),
    has: trap("has"),
  });
}

export function revoked(value: object): object {
  const { proxy, revoke } = Proxy.revocable(value, {});
  revoke();
  return proxy;
}
