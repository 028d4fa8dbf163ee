/** How sure a paired comparison is: the 95% interval of its mean ratio. */
import { mean, sampleStandardDeviation } from "simple-statistics";

export interface Interval {
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

/** Student's t for a two-sided 95% interval, by degrees of freedom; from 30 on the normal one is near enough. */
const students: Readonly<Record<number, number>> = {
  1: 12.706,
  2: 4.303,
  3: 3.182,
  4: 2.776,
  5: 2.571,
  6: 2.447,
  7: 2.365,
  8: 2.306,
  9: 2.262,
  10: 2.228,
  14: 2.145,
  19: 2.093,
  24: 2.064,
  29: 2.045,
};

/** The t of the largest tabulated degrees of freedom that there are: never too small. */
function studentsT(degrees: number): number {
  const known = Object.keys(students)
    .map(Number)
    .filter((entry) => entry <= degrees);
  return students[Math.max(...known)] ?? Number.POSITIVE_INFINITY;
}

/** The interval in which the mean of ratios lies with 95% confidence; computed on logarithms, as ratios ask for. */
export function interval(ratios: readonly number[]): Interval {
  const logs = ratios.map(Math.log);
  const middle = mean(logs);
  const half = (studentsT(logs.length - 1) * sampleStandardDeviation(logs)) / Math.sqrt(logs.length);
  return { low: Math.exp(middle - half), middle: Math.exp(middle), high: Math.exp(middle + half) };
}
