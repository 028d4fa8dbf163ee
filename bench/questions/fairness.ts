/** How long does a quiet tenant wait while another floods the process, with fairness and without? */
import { median } from "simple-statistics";
import { Child } from "../children/child.js";
import { type CrowdAnswer, type CrowdRequest, floodInFlight, quietRate } from "../children/crowd.js";
import { type Question, subject } from "../runner/bench.js";
import { tenantryKind } from "./subject.js";

export const fairness: Question = {
  name: "fairness",
  title: `Latency of a quiet tenant (${quietRate} requests/s) beside a flood of ${floodInFlight} in flight: 99th percentile`,
  async ask(bench) {
    const { shelf } = bench;
    const kind = tenantryKind(bench);
    const folders = [await shelf.spareStore(kind, "fair"), await shelf.spareStore(kind, "free")];
    const child = new Child<CrowdAnswer>("quiet-tenant", [...folders, String(bench.scale.fairnessMs)]);
    const asking = (name: string, request: CrowdRequest) => ({
      name,
      measure: async () => (await child.ask(request)).p99,
    });
    try {
      const { measured } = await bench.compare({
        name: "fairness-p99",
        unit: "ms",
        rounds: 5,
        candidates: [
          asking("alone", "alone"),
          asking(subject, "flooded"),
          asking("without-fairness", "flooded-unfairly"),
        ],
      });
      const p99 = (name: string): number =>
        median([...(measured.find(({ candidate }) => candidate === name)?.values ?? [])]);
      bench.book("fairness/p99", p99(subject) / p99("alone"));
      bench.book("fairness/p99-without", p99("without-fairness") / p99("alone"));
    } finally {
      await child.end();
    }
  },
};
