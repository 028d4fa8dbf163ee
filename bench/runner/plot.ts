/** The results as a drawing: what each candidate reached, as a share of what Tenantry did. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { isCost, type Outcome, pairedRatios, summary } from "./comparison.js";
import { digits } from "./table.js";

/** A line of the drawing: a case's heading, or a candidate under it. */
interface Line {
  /** Of its own, since candidates come again in every case. */
  readonly key: string;
  readonly name: string;
  readonly bar: Bar | undefined;
}

interface Bar {
  readonly key: string;
  readonly share: number;
  readonly low: number;
  readonly high: number;
  readonly label: string;
  readonly isOwn: boolean;
}

/** Shares above this are cut off. */
const shareMax = 3;
const lineHeight = 20;

function lines(outcome: Outcome, subject: string): Line[] {
  const { name, unit, measured } = outcome;
  const candidates = measured.map(({ candidate, median }): Line => {
    const { median: share, min: low, max: high } = summary(candidate, pairedRatios(outcome, candidate, subject));
    const key = `${name}/${candidate}`;
    const label = `${digits(median)} ${unit}`;
    const bar = { key, share, low, high: Math.min(high, shareMax), label, isOwn: candidate.startsWith(subject) };
    return { key, name: candidate, bar };
  });
  return [{ key: name, name, bar: undefined }, ...candidates];
}

/**
 * Draws the comparisons with peers as an SVG text: Tenantry is 1, a bar is the median of the rounds, a thin line goes
 * from the worst round to the best. `undefined` when there is nothing to draw.
 */
export function plot(
  outcomes: readonly Outcome[],
  subject: string,
  peers: ReadonlySet<string>,
  label: string,
): string | undefined {
  const all = outcomes
    .filter(({ unit, measured }) => !isCost(unit) && measured.some(({ candidate }) => candidate === subject))
    .filter(({ measured }) => measured.some(({ candidate }) => peers.has(candidate)))
    .flatMap((outcome) => lines(outcome, subject));
  if (all.length === 0) return undefined;
  const names = new Map(all.map(({ key, name, bar }) => [key, bar === undefined ? "" : name]));
  const bars = all.flatMap(({ bar }) => bar ?? []);
  const headings = all.filter(({ bar }) => bar === undefined);
  const { document } = parseHTML("<html><body></body></html>");
  const chart = Plot.plot({
    document,
    width: 900,
    height: 60 + all.length * lineHeight,
    marginTop: 50,
    marginLeft: 140,
    marginRight: 110,
    style: { background: "white", color: "black", fontFamily: "sans-serif", fontSize: "12px" },
    x: { axis: "top", label, labelAnchor: "left", domain: [0, shareMax], clamp: true, grid: true },
    y: { label: null, domain: [...names.keys()], tickFormat: (key: string) => names.get(key) ?? "", tickSize: 0 },
    marks: [
      Plot.barX(bars, { y: "key", x: "share", fill: ({ isOwn }: Bar) => (isOwn ? "#2f6fde" : "#b8bfca") }),
      Plot.ruleY(bars, { y: "key", x1: "low", x2: "high", stroke: "#333" }),
      Plot.text(bars, {
        y: "key",
        x: ({ high, share }: Bar) => Math.min(Math.max(high, share), shareMax),
        text: "label",
        textAnchor: "start",
        dx: 6,
      }),
      Plot.text(headings, { y: "key", x: 0, text: "name", textAnchor: "start", fontWeight: "bold", dx: 4 }),
      Plot.ruleX([1], { stroke: "#2f6fde", strokeDasharray: "3,3" }),
    ],
  });
  chart.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return chart.outerHTML;
}
