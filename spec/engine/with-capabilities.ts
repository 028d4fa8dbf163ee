/** Engines that are said to be able to do other things than they can. */
import type { Engine, EngineCapabilities } from "../../lib/engine/index.js";

/** The same engine under other capabilities. */
export const withCapabilities = (engine: Engine, capabilities: Partial<EngineCapabilities>): Engine => ({
  name: engine.name,
  capabilities: { ...engine.capabilities, ...capabilities },
  begin: () => engine.begin(),
  close: () => engine.close(),
});

/** An engine whose commits' outcomes can be lost, as a cluster's: every writing transaction leaves a marker there. */
export const untold = (engine: Engine): Engine => withCapabilities(engine, { tellsOutcomes: false });
