/** Opens the engine a descriptor names. */
import { type EngineDescriptor, takeDescriptor } from "./descriptor.js";
import type { Engine } from "./engine.js";

/**
 * Opens an engine. Its native packages are loaded only now.
 *
 * Opening one embedded path several times in a process gives the same store, closed with the last of them.
 *
 * Throws `STORE_LOCKED` when another process has the store, `STORE_FOREIGN`, `STORE_CORRUPT`, `STORE_FORMAT` or
 * `STORE_UNWRITABLE` when the directory holds no usable store, and the `FOUNDATIONDB_…` errors.
 *
 * @example
 * ```ts
 * import { memory, openEngine } from "tenantry/engine";
 * const engine = await openEngine(memory());
 * const transaction = engine.begin();
 * transaction.set(Buffer.from("hello"), Buffer.from("world"));
 * await transaction.commit();
 * await engine.close();
 * ```
 */
export async function openEngine(given: EngineDescriptor): Promise<Engine> {
  const descriptor = takeDescriptor(given);
  switch (descriptor.engine) {
    case "embedded":
      return (await import("./embedded/open.js")).openEmbedded(descriptor);
    case "memory":
      return (await import("./embedded/open.js")).openMemory(descriptor);
    case "foundationdb":
      return (await import("./foundationdb/engine.js")).openFoundationDb(descriptor);
  }
}
