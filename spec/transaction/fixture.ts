/** Runners over a memory engine, with tenants in their registry. */
import { type Engine, EngineError, memory, openEngine } from "../../lib/engine/index.js";
import { isTenantryError } from "../../lib/errors/index.js";
import { Keyspace } from "../../lib/keyspace/index.js";
import { type Clock, systemClock } from "../../lib/observe/index.js";
import { newTenantId, type TenantId, type TenantState } from "../../lib/tenant/index.js";
import {
  type CallTerms,
  callTerms,
  type RunnerOptions,
  SystemRunner,
  type TenantTransaction,
  TransactionHost,
  TransactionRunner,
} from "../../lib/transaction/index.js";
import { pack } from "../../lib/tuple/index.js";

export interface Fixture extends AsyncDisposable {
  readonly engine: Engine;
  readonly keyspace: Keyspace;
  readonly runner: TransactionRunner;
  readonly system: SystemRunner;
  /** Another pair of runners on the same engine, as another process has. */
  another(options?: Partial<RunnerOptions>): { runner: TransactionRunner; system: SystemRunner };
  tenant(state?: TenantState): Promise<TenantId>;
  setState(id: TenantId, state: TenantState): Promise<void>;
}

const record = (id: TenantId, state: TenantState) =>
  ({ id, name: "Acme", state, incarnation: 1, createdAt: 1, revision: 1 }) as const;

/** Waits between attempts and for late commits shrink; deadlines, which are longer, do not. */
export const hastyClock: Clock = {
  ...systemClock,
  after: (ms, fn) => systemClock.after(ms <= 1_000 ? ms / 20 : ms, fn),
};

/** `wrap` puts another engine in front; tenants are made and looked at without it. */
export async function openFixture(
  options: Partial<RunnerOptions> = {},
  wrap: (engine: Engine) => Engine = (engine) => engine,
): Promise<Fixture> {
  const bare = await openEngine(memory());
  const engine = wrap(bare);
  const keyspace = options.keyspace ?? new Keyspace();
  const runners = (more: Partial<RunnerOptions>) => {
    const all = { engine, keyspace, ...options, ...more };
    const host = new TransactionHost(all);
    return { runner: new TransactionRunner(all, host), system: new SystemRunner(host) };
  };
  const { runner, system } = runners({});
  const registrar = runners({ engine: bare, hooks: [] }).system;
  const setState = (id: TenantId, state: TenantState): Promise<void> =>
    registrar.system(async (tx) => tx.putTenant(record(id, state)));
  return {
    engine: bare,
    keyspace,
    runner,
    system,
    another: (more = {}) => runners(more),
    async tenant(state = "active") {
      const id = newTenantId();
      await setState(id, state);
      return id;
    },
    setState,
    async [Symbol.asyncDispose]() {
      await runner.close();
      await engine.close();
    },
  };
}

/** Something to wait for. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** The terms of a call, some of them as given. */
export const terms = (some: Partial<CallTerms>): CallTerms => ({ ...callTerms(undefined), ...some });

/** A tenant-relative key. */
export const key = (...elements: Parameters<typeof pack>[0]): Uint8Array => pack(["thing", ...elements]);

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : new TextDecoder().decode(value);

const one = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0);

/** Adds one to a counter, blindly. */
export const increment = (tx: TenantTransaction, counter: Uint8Array): void => tx.atomic("add", counter, one);

export const count = (value: Uint8Array | undefined): number =>
  value === undefined ? 0 : Number(new DataView(value.buffer, value.byteOffset).getBigUint64(0, true));

/** Everything the engine holds, as hex. */
export async function dump(engine: Engine): Promise<Map<string, string>> {
  const tx = engine.begin();
  const all = new Map<string, string>();
  let begin: Uint8Array = new Uint8Array();
  for (;;) {
    const { rows, more } = await tx.getRange(
      { key: begin, orEqual: false, offset: 1 },
      { key: Uint8Array.of(0xff), orEqual: false, offset: 1 },
      { snapshot: true },
    );
    for (const [k, v] of rows) all.set(Buffer.from(k).toString("hex"), Buffer.from(v).toString("hex"));
    const last = rows.at(-1)?.[0];
    if (!more || last === undefined) break;
    begin = Buffer.concat([last, Uint8Array.of(0)]);
  }
  tx.cancel();
  return all;
}

/** What happens in place of one commit; `commit` is the engine's own. */
export type ScriptedCommit = (commit: () => Promise<void>) => Promise<void>;

export const lost =
  (code: number): ScriptedCommit =>
  async (commit) => {
    await commit();
    throw new EngineError(code);
  };

export const refused =
  (code: number): ScriptedCommit =>
  async () => {
    throw new EngineError(code);
  };

/** An engine whose first commits follow a script and whose outcomes can be lost, and whose calls are counted. */
export function scripted(engine: Engine, script: ScriptedCommit[], calls: string[] = []): Engine {
  return {
    name: engine.name,
    capabilities: { ...engine.capabilities, tellsOutcomes: false },
    begin() {
      calls.push("begin");
      const inner = engine.begin();
      let detached = false;
      return new Proxy(inner, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name);
          if (typeof value !== "function") return value;
          return (...args: unknown[]) => {
            calls.push(String(name));
            // A commit that is on its way is out of the caller's reach.
            if (name === "cancel" && detached) return undefined;
            if (name === "getVersionstamp" && script.length > 0) return Promise.reject(new EngineError(1021));
            if (name !== "commit") return value.apply(target, args);
            const step = script.shift();
            detached = step !== undefined;
            return step === undefined ? target.commit() : step(() => target.commit());
          };
        },
      });
    },
    close: () => engine.close(),
  };
}

/** The code of what `work` rejects or throws with. */
export async function codeOf(work: Promise<unknown> | (() => unknown)): Promise<string | undefined> {
  try {
    await (typeof work === "function" ? work() : work);
    return undefined;
  } catch (error) {
    return isTenantryError(error) ? error.code : String(error);
  }
}
