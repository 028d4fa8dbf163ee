/** What a case of the engine suite is: a name, what it needs of the engine, and a function that throws. */
import type { Stage } from "./stage.js";

/**
 * What an engine may lack:
 * - `wholeKeyspace`: nothing but the suite's keys is in it, so that reads may run to its ends
 * - `oneShard`: a batch of a range read ends at its limits only, not at a shard's edge as well
 * - `systemKeys`: keys from `\xff` on answer as FoundationDB's do, the metadata version key among them
 * - `keyErrors`: a key it does not take is the engine's error, at the next read or the commit
 * - `readVersions`: `getReadVersion` and `setReadVersion`
 * - `estimates`: sizes and split points
 * - `options`: transaction options
 * - `watches`: watches
 * - `reopening`: the engine may be opened a second time, and closed
 *
 * @example
 * ```ts
 * import type { EngineFeature } from "tenantry/testing";
 * const lacking: { readonly [Feature in EngineFeature]?: string } = { watches: "the engine has none" };
 * ```
 */
export type EngineFeature =
  | "wholeKeyspace"
  | "oneShard"
  | "systemKeys"
  | "keyErrors"
  | "readVersions"
  | "estimates"
  | "options"
  | "watches"
  | "reopening";

export interface CaseDefinition {
  readonly name: string;
  /** Features without which the case makes no sense; a case about isolation needs none. */
  readonly needs?: readonly EngineFeature[];
  run(stage: Stage): Promise<void>;
}
