/** Set-up of specs that share a process: a file leaves behind nothing that the next one would see. */
import { afterAll, expect, vi } from "vitest";

const events = ["unhandledRejection", "uncaughtException", "warning", "SIGINT", "SIGTERM"] as const;

const numbers = new Map<unknown, number>();
const numberOf = (value: unknown): number => {
  const number = numbers.get(value) ?? numbers.size;
  numbers.set(value, number);
  return number;
};

const seen = () => ({
  folder: process.cwd(),
  environment: { ...process.env },
  listeners: events.map((event) => `${event}: ${process.listenerCount(event)}`),
  fakeTimers: vi.isFakeTimers(),
  ownGlobals: [globalThis.Request, globalThis.Response, globalThis.fetch, globalThis.performance].map((one) =>
    numberOf(one),
  ),
  prototypes: [Object, Array, Promise, Map, Set, Uint8Array].map(({ prototype }) => Reflect.ownKeys(prototype).length),
});

const before = seen();

afterAll(() => {
  expect(seen(), "what a spec file leaves behind for the next of its process").toEqual(before);
});
