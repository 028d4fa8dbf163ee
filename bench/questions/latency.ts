/** How long does a durable commit take, most of the time and at worst? */
import { quantile } from "simple-statistics";
import { Disk } from "../disk.js";
import { differentNumbers } from "../people/random.js";
import type { Question } from "../runner/bench.js";
import { summary } from "../runner/comparison.js";
import { milliseconds } from "../runner/stopwatch.js";

const shares = { p50: 0.5, p90: 0.9, p99: 0.99 } as const;

export const commitLatency: Question = {
  name: "commit-latency",
  title: "Latency of a durable read-modify-write, one after another",
  async ask(bench) {
    const { people, writes, rounds } = bench.scale;
    const count = Math.ceil(writes / 16);
    const disk = await Disk.open(bench.shelf.spare("flushes"));
    const latencies = new Map<string, number[][]>();
    /** Times `count` operations one by one; the rate is the median's. */
    const times = async (name: string, operation: (i: number) => Promise<unknown>): Promise<number> => {
      const measured: number[] = [];
      for (let i = 0; i < count; i++) measured.push(await milliseconds(() => operation(i)));
      latencies.set(name, [...(latencies.get(name) ?? []), measured]);
      return quantile(measured, 0.5);
    };
    const taken = [];
    for (const kind of bench.candidates.present) taken.push(await bench.shelf.take(kind, people, "write"));
    try {
      await bench.compare({
        name: "commit-latency",
        unit: "ms",
        candidates: [
          ...taken.map(({ kind, store }) => ({
            name: kind.name,
            measure: (round: number) => {
              const ids = differentNumbers(count, people, round);
              return times(kind.name, async (i) => store.visit?.(ids.slice(i, i + 1), 1));
            },
          })),
          { name: "disk-flush", measure: () => times("disk-flush", () => disk.flush(1)) },
        ],
      });
    } finally {
      await disk.close();
    }
    for (const [name, share] of Object.entries(shares)) {
      const measured = [...latencies].map(([candidate, all]) =>
        summary(
          candidate,
          all.slice(-rounds).map((round) => quantile(round, share)),
        ),
      );
      bench.enter({ name: `commit-latency-${name}`, unit: "ms", measured });
    }
  },
};
