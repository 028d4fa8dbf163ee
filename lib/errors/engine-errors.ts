/** Codes of the engines: what a store or a cluster answers, and what keeps one from opening. */
import { define } from "./definition.js";

export const engineErrors = {
  ENGINE: define<{ fdbCode: number; fdbName: string }>()("unavailable", "The engine refused the operation."),
} as const;
