/** Where Tenantry keeps the stores of a run: in a folder each, or under a root each on one engine. */
import { tuple } from "tenantry";
import { type Durability, type Engine, type EngineDescriptor, embedded, openEngine } from "tenantry/engine";
import { removeFolder } from "./folder.js";

/** What `open` takes of it. */
export interface Place {
  readonly engine: EngineDescriptor | Engine;
  readonly root: readonly string[];
}

export interface Places {
  /** The place of a store, by the name of its folder. Durability is the embedded engine's alone. */
  at(folder: string, durability?: Durability): Place;
  /** Removes all that is stored there, whatever engine it is on. */
  clear(folder: string): Promise<void>;
}

export const inFolders: Places = {
  at: (path, durability) => ({ engine: embedded({ path, durability }), root: ["tenantry"] }),
  clear: removeFolder,
};

/** On one engine that others may use as well: no key begins otherwise than with the folder. */
export function underRoots(engine: EngineDescriptor | Engine): Places {
  const at = (folder: string): Place => ({ engine, root: ["tenantry bench", folder] });
  return {
    at,
    async clear(folder) {
      const opened = await openedAt(at(folder));
      const { begin, end } = tuple.tupleRange(tuple.pack(at(folder).root));
      const transaction = opened.engine.begin();
      try {
        for (;;) {
          try {
            transaction.clearRange(begin, end);
            return await transaction.commit();
          } catch (error) {
            await transaction.onError(error);
          }
        }
      } finally {
        await opened.close();
      }
    },
  };
}

/** The engine of a place, and what closes it: nothing, when it was open already. */
export async function openedAt({ engine }: Place): Promise<{ readonly engine: Engine; close(): Promise<void> }> {
  if ("begin" in engine) return { engine, close: async () => {} };
  const opened = await openEngine(engine);
  return { engine: opened, close: () => opened.close() };
}
