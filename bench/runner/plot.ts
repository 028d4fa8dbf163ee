/** The results as a drawing: what each candidate reached, as a share of what Tenantry did. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { isCost, type Outcome, pairedRatios, summary } from "./comparison.js";
import { digits } from "./table.js";

interface Bar {
  readonly case: string;
  readonly candidate: string;
  readonly share: number;
  readonly low: number;
  readonly high: number;
  readonly label: string;
}

/** How each candidate did, Tenantry being 1: the median of the rounds and their extremes. */
function bars(outcomes: readonly Outcome[], subject: string): Bar[] {
  return outcomes.flatMap((outcome) =>
    outcome.measured.flatMap(({ candidate, median }) => {
      const { median: share, min: low, max: high } = summary(candidate, pairedRatios(outcome, candidate, subject));
      return [{ case: outcome.name, candidate, share, low, high, label: `${digits(median)} ${outcome.unit}` }];
    }),
  );
}

/** Draws the comparisons with others as an SVG text; `undefined` when there is none to draw. */
export function plot(outcomes: readonly Outcome[], subject: string, title: string): string | undefined {
  const drawn = outcomes.filter(
    ({ unit, measured }) =>
      !isCost(unit) && measured.length > 1 && measured.some(({ candidate }) => candidate === subject),
  );
  const data = bars(drawn, subject);
  if (data.length === 0) return undefined;
  const { document } = parseHTML("<html><body></body></html>");
  const chart = Plot.plot({
    document,
    title: undefined,
    caption: undefined,
    width: 900,
    height: 60 + data.length * 17 + drawn.length * 14,
    marginLeft: 140,
    marginRight: 120,
    style: { background: "white", color: "black", fontFamily: "sans-serif", fontSize: "12px" },
    x: {
      axis: "top",
      label: title,
      domain: [0, Math.min(3, Math.max(1.2, ...data.map(({ share }) => share)))],
      clamp: true,
      grid: true,
    },
    y: { label: null, paddingInner: 0.2 },
    fy: { label: null, domain: drawn.map(({ name }) => name), padding: 0.15 },
    color: { domain: ["tenantry", "other"], range: ["#2f6fde", "#b8bfca"] },
    marks: [
      Plot.barX(data, {
        fy: "case",
        y: "candidate",
        x: "share",
        fill: ({ candidate }: Bar) => (candidate.startsWith(subject) ? "tenantry" : "other"),
        sort: { y: null },
      }),
      Plot.ruleY(data, { fy: "case", y: "candidate", x1: "low", x2: "high", stroke: "#333" }),
      Plot.text(data, { fy: "case", y: "candidate", x: "high", text: "label", textAnchor: "start", dx: 6 }),
      Plot.ruleX([1], { stroke: "#2f6fde", strokeDasharray: "3,3" }),
    ],
  });
  chart.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return chart.outerHTML;
}
