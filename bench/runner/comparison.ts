/** Comparisons: candidates measured in turn, round after round, and what came out of it. */
import { max, median, min } from "simple-statistics";

/** One of the things compared. */
export interface Candidate {
  readonly name: string;
  /** Measures once and returns the value, in the comparison's unit. */
  measure(round: number): Promise<number>;
}

export type Unit = "rows/s" | "ops/s" | "ms" | "µs" | "MiB";

/** A question's measurement. */
export interface Comparison {
  /** Names the case: results are `name/candidate`. */
  readonly name: string;
  readonly unit: Unit;
  readonly candidates: readonly Candidate[];
  /** Rounds that count; one before them warms up. */
  readonly rounds: number;
}

/** What one candidate reached, round by round. */
export interface Measured {
  readonly candidate: string;
  readonly values: readonly number[];
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface Outcome {
  readonly name: string;
  readonly unit: Unit;
  readonly measured: readonly Measured[];
}

/** In these units, less is better. */
const costs: ReadonlySet<Unit> = new Set(["ms", "µs", "MiB"]);

export const isCost = (unit: Unit): boolean => costs.has(unit);

/**
 * Measures all candidates in every round, in turn, beginning with another one each time: what else the machine does
 * then hits all of them alike.
 */
export async function compare(
  { name, unit, candidates, rounds }: Comparison,
  onMeasured: (candidate: string) => void = () => {},
): Promise<Outcome> {
  const values = candidates.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (let turn = 0; turn < candidates.length; turn++) {
      const i = (turn + round) % candidates.length;
      const value = await candidates[i]?.measure(round);
      if (round > 0 && value !== undefined) values[i]?.push(value);
      onMeasured(candidates[i]?.name ?? "");
    }
  }
  return { name, unit, measured: candidates.map((candidate, i) => summary(candidate.name, values[i] ?? [])) };
}

export const summary = (candidate: string, values: readonly number[]): Measured => ({
  candidate,
  values,
  median: median([...values]),
  min: min([...values]),
  max: max([...values]),
});

/** How many times better `subject` did than `peer`, round by round: above 1 is better, whatever the unit. */
export function pairedRatios({ unit, measured }: Outcome, subject: string, peer: string): number[] {
  const of = (name: string): readonly number[] => measured.find(({ candidate }) => candidate === name)?.values ?? [];
  const theirs = of(peer);
  return of(subject).flatMap((ours, round) => {
    const their = theirs[round];
    if (their === undefined) return [];
    return [isCost(unit) ? their / ours : ours / their];
  });
}

/** The median of the paired ratios; `undefined` when one of the two was not measured. */
export function ratio(outcome: Outcome, subject: string, peer: string): number | undefined {
  const ratios = pairedRatios(outcome, subject, peer);
  return ratios.length === 0 ? undefined : median(ratios);
}
