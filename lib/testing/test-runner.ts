/** The test runner one is in: its functions, found among the globals. */
import { tenantryError } from "../errors/index.js";

/**
 * Registers a test: `test` of Vitest, of Jest and of `node:test` fit as they are.
 *
 * @example
 * ```ts
 * import { test } from "node:test";
 * import { isolationLaws, type TestFunction } from "tenantry/testing";
 * const slow: TestFunction = (name, fn) => test(name, { timeout: 600_000 }, fn);
 * isolationLaws({ entities: [], test: slow });
 * ```
 */
export type TestFunction = (name: string, fn: () => Promise<void>, timeoutMs?: number) => unknown;

/**
 * Registers what runs after tests: `afterEach` and `afterAll` of Vitest and Jest, `afterEach` and `after` of `node:test`.
 *
 * @example
 * ```ts
 * import { after, afterEach } from "node:test";
 * import { type HookFunction, sandbox } from "tenantry/testing";
 * const each: HookFunction = (fn) => afterEach(fn);
 * const box = sandbox({ entities: [], afterEach: each, afterAll: after });
 * ```
 */
export type HookFunction = (fn: () => Promise<void>) => unknown;

const isFunction = (value: unknown): value is (...args: readonly unknown[]) => unknown => typeof value === "function";

function found(names: readonly string[], option: string): (...args: readonly unknown[]) => unknown {
  for (const name of names) {
    const value: unknown = Reflect.get(globalThis, name);
    if (isFunction(value)) return value;
  }
  throw tenantryError("TEST_RUNNER_MISSING", { option });
}

/** @throws TEST_RUNNER_MISSING when there is none among the globals. */
export const testFunction = (): TestFunction => found(["test", "it"], "test");

/** As {@link testFunction}, for what runs after each test, and after all of a file. */
export const hookFunction = (option: "afterEach" | "afterAll"): HookFunction =>
  found(option === "afterAll" ? ["afterAll", "after"] : ["afterEach"], option);
