/** Set-up of specs that share a process: a file leaves behind nothing that the next one would see. */
import { afterAll, expect, vi } from "vitest";

const events = ["unhandledRejection", "uncaughtException", "warning", "SIGINT", "SIGTERM"] as const;

const seen = () => ({
  folder: process.cwd(),
  environment: { ...process.env },
  listeners: events.map((event) => `${event}: ${process.listenerCount(event)}`),
  fakeTimers: vi.isFakeTimers(),
  prototypes: [Object, Array, Promise, Map, Set, Uint8Array].map(({ prototype }) => Reflect.ownKeys(prototype).length),
});

const before = seen();

afterAll(() => {
  expect(seen(), "what a spec file leaves behind for the next of its process").toEqual(before);
});
