/** The results as tables in the terminal. */
import Table from "cli-table3";
import pc from "picocolors";
import { type Outcome, ratio } from "./comparison.js";
import type { Verdict } from "./targets.js";

const style = { head: [], border: [] };

/** A number in so many digits as say something. */
export function digits(value: number): string {
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString("en-US");
  return value.toPrecision(3);
}

/** One line per case and candidate, Tenantry's ratio to each beside it. */
export function resultTable(outcomes: readonly Outcome[], subject: string): string {
  const table = new Table({
    head: ["case", "candidate", "median", "min", "max", "unit", `${subject} does`].map((text) => pc.bold(text)),
    colAligns: ["left", "left", "right", "right", "right", "left", "right"],
    style,
  });
  for (const outcome of outcomes) {
    outcome.measured.forEach(({ candidate, median, min, max }, i) => {
      const times = candidate === subject ? undefined : ratio(outcome, subject, candidate);
      table.push([
        i === 0 ? outcome.name : "",
        candidate === subject ? pc.cyan(candidate) : candidate,
        digits(median),
        pc.dim(digits(min)),
        pc.dim(digits(max)),
        outcome.unit,
        times === undefined ? "" : `${digits(times)}×`,
      ]);
    });
  }
  return table.toString();
}

/** One line per target: what is asked, what was reached. */
export function verdictTable(verdicts: readonly Verdict[]): string {
  const table = new Table({
    head: ["target", "bound", "reached", ""].map((text) => pc.bold(text)),
    colAligns: ["left", "right", "right", "left"],
    style,
  });
  for (const { target, value, met } of verdicts) {
    const sign = target.atLeast ? "≥" : "≤";
    table.push([
      `${target.title}  ${pc.dim(target.ratio)}`,
      `${sign} ${target.bound}`,
      digits(value),
      met ? pc.green("reached") : pc.yellow("not reached"),
    ]);
  }
  return table.toString();
}
