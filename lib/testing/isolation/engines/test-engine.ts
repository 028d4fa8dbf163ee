/** The engine to test on, in the forms in which it can be given. */
import { type Engine, type EngineDescriptor, openEngine } from "../../../engine/index.js";

/**
 * An engine to test on: described, open already (it stays the caller's to close), or opened anew for each law.
 *
 * @example
 * ```ts
 * import { memory, openEngine } from "tenantry/engine";
 * import { isolationLaws, type TestEngine } from "tenantry/testing";
 * const engine: TestEngine = () => openEngine(memory({ mapBytes: 2 ** 28 }));
 * isolationLaws({ entities: [], engine });
 * ```
 */
export type TestEngine = EngineDescriptor | Engine | (() => Promise<Engine>);

/** Opens it, unless it is open. */
export async function openedEngine(engine: TestEngine): Promise<Engine> {
  if (typeof engine === "function") return engine();
  return "begin" in engine ? engine : openEngine(engine);
}
