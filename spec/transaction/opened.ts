/** One attempt and its views over an engine's transaction that writes down its calls. */
import type { EngineTransaction } from "../../lib/engine/index.js";
import { isTenantryError } from "../../lib/errors/index.js";
import { TenantGuard } from "../../lib/guard/index.js";
import { Keyspace } from "../../lib/keyspace/index.js";
import { newTenantId } from "../../lib/tenant/index.js";
import { Attempt, ReadView, SystemView, TenantView } from "../../lib/transaction/view/index.js";
import { arrayEngine } from "../engine/array-engine.js";

export const id = newTenantId();
export const keyspace = new Keyspace();
export const range = keyspace.tenant(id);

export type EngineCall = [name: string, ...args: unknown[]];

/** Some of an engine's methods; undefined for one it does not have. */
export type Answers = { readonly [Name in keyof EngineTransaction]?: EngineTransaction[Name] | undefined };

/** An engine's transaction that writes down its calls; `answers` take the place of its own methods. */
function watched(inner: EngineTransaction, answers: Answers) {
  const calls: EngineCall[] = [];
  const engine = new Proxy(inner, {
    get: (_, name) => {
      const own = Object.hasOwn(answers, name);
      const value: unknown = own ? Reflect.get(answers, name) : Reflect.get(inner, name, inner);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        calls.push([String(name), ...args]);
        return value.apply(inner, args);
      };
    },
  });
  return { engine, calls };
}

export interface OpenedOptions {
  readonly writable?: boolean;
  readonly inner?: EngineTransaction;
  /** Methods of the engine's transaction to be used instead of its own. */
  readonly answers?: Answers;
}

export function opened({ writable = true, inner = arrayEngine().begin(), answers = {} }: OpenedOptions = {}) {
  const { engine, calls } = watched(inner, answers);
  let writes = 0;
  const attempt = new Attempt(engine, {
    firstWrite: () => {
      writes += 1;
      if (!writable) throw new Error("takes no writes");
    },
  });
  const guard = new TenantGuard(range);
  return {
    attempt,
    calls,
    writes: () => writes,
    view: new TenantView(attempt, guard),
    read: new ReadView(attempt, guard, false),
    snapshot: new ReadView(attempt, guard, true),
    system: new SystemView(attempt, keyspace, {
      tenant: (tenant) => new TenantGuard(keyspace.tenant(tenant)),
      trail: (trail) => new TenantGuard(keyspace.trail(trail.id, trail.incarnation)),
    }),
  };
}

/** What comes of an attempt whose function has caught all its errors. */
export const swallowed = (attempt: Attempt): Promise<unknown> => attempt.awaited(Promise.resolve());

/** The code and details of what `work` fails with. */
export async function failure(work: () => unknown): Promise<{ code: string; details: Record<string, unknown> }> {
  const error: unknown = await Promise.resolve()
    .then(work)
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  return isTenantryError(error)
    ? { code: error.code, details: { ...error.details } }
    : { code: String(error), details: {} };
}
