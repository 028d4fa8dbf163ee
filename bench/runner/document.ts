/** The results as a part of a Markdown page: what was reached, and what each candidate did. */
import { isCost, type Outcome, ratio } from "./comparison.js";
import type { Report } from "./report.js";
import { digits } from "./table.js";
import type { Verdict } from "./targets.js";

/** What stands around the part in the page. */
const begin = "<!-- results -->";
const end = "<!-- /results -->";

export interface Documented {
  readonly report: Report;
  readonly outcomes: readonly Outcome[];
  readonly verdicts: readonly Verdict[];
  readonly subject: string;
  /** How the run was asked for. */
  readonly command: string;
  /** What it was measured on, in words: rows, rounds. */
  readonly scale: string;
}

type Cell = string | undefined;

/** A Markdown table, its columns padded; the first `left` columns hold text. */
function table(rows: readonly (readonly Cell[])[], left: number): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(3, ...rows.map((row) => (row[i] ?? "").length)));
  const line = (row: readonly Cell[]): string =>
    `| ${widths.map((width, i) => (i < left ? (row[i] ?? "").padEnd(width) : (row[i] ?? "").padStart(width))).join(" | ")} |`;
  const rule = `| ${widths.map((width, i) => (i < left ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [line(head), rule, ...body.map(line)].join("\n");
}

const verdictRows = (verdicts: readonly Verdict[]): Cell[][] =>
  verdicts.map(({ target, value, met }) => [
    target.title,
    `${target.atLeast ? "≥" : "≤"} ${target.bound}`,
    digits(value),
    met ? "reached" : "not reached",
  ]);

/** A line per candidate; the case's name on its first. */
const resultRows = (outcomes: readonly Outcome[], subject: string): Cell[][] =>
  outcomes.flatMap(({ name, unit, measured }) => {
    const outcome = { name, unit, measured };
    return measured.map(({ candidate, median, min, max }, i) => {
      const times = candidate === subject ? undefined : ratio(outcome, subject, candidate);
      const range = `${digits(min)} – ${digits(max)}`;
      const better = isCost(unit) ? `${unit}, less is better` : unit;
      return [
        i === 0 ? name : "",
        candidate,
        digits(median),
        range,
        times === undefined ? "" : `${digits(times)}×`,
        i === 0 ? better : "",
      ];
    });
  });

/** `page` with the part between its marks replaced. @throws when it has no marks. */
export function documented(page: string, { report, outcomes, verdicts, subject, command, scale }: Documented): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`The page has no place for results: ${begin} … ${end}.`);
  const { machine, versions } = report;
  const on = `${machine["cpu"]}, ${machine["cores"]} cores, ${machine["memoryMiB"]} MiB, ${machine["system"]}`;
  const of = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const part = [
    `Measured by \`${command}\` on ${on}; ${of.join(", ")}. ${scale}`,
    table([["target", "bound", "measured", ""], ...verdictRows(verdicts)], 1),
    "Medians of the rounds, the worst and the best; a ratio says how many times better Tenantry did.",
    table([["case", "candidate", "median", "range", "ratio", "unit"], ...resultRows(outcomes, subject)], 2),
  ];
  return `${page.slice(0, from + begin.length)}\n\n${part.join("\n\n")}\n\n${page.slice(to)}`;
}
