/** How much a range read takes: its limit, its streaming mode, its target of bytes. */
import type { RangeOptions, StreamingMode } from "../../engine.js";
import { EngineError } from "../../error.js";
import { Budget, unlimited } from "../reading/selection.js";

/** Bytes of a batch in `iterator` mode, by iteration. */
const iteratorBytes = [4_096, 6_144, 9_216, 13_824, 20_736, 31_104, 46_656, 69_984, 80_000, 120_000];

const modeBytes: Readonly<Record<Exclude<StreamingMode, "iterator">, number>> = {
  exact: unlimited,
  small: 256,
  medium: 1_000,
  large: 4_096,
  serial: 80_000,
  wantAll: 80_000,
};

/** Throws 2210 for `exact` without any limit, 2000 for an unknown mode or iteration, 2012 for a negative limit. */
export const batchBounds = (options: RangeOptions): Budget => {
  const mode = options.mode ?? "wantAll";
  const rows = options.limit || unlimited;
  const target = options.targetBytes || unlimited;
  if (rows === unlimited && target === unlimited && mode === "exact") throw new EngineError(2210);
  const iteration = options.iteration ?? 1;
  if (mode === "iterator" && iteration <= 0) throw new EngineError(2000);
  const own = mode === "iterator" ? iteratorBytes[Math.min(iteration, iteratorBytes.length) - 1] : modeBytes[mode];
  if (own === undefined) throw new EngineError(2000);
  return new Budget(rows, target === unlimited ? own : own === unlimited ? target : Math.min(target, own));
};
