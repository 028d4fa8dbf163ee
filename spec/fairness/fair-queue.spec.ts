/** The fair queue: nobody is lost, no bound is passed, and turns are shared by weight whatever anybody asks for. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FairQueue, type Turn, type Waiting } from "../../lib/fairness/fair-queue.js";
import { runs } from "../runs.js";

/** A flow's requests: those that run, and how many had a turn. */
class Asker {
  readonly queue: FairQueue;
  readonly name: string;
  readonly weight: number;
  readonly running: Turn[] = [];
  readonly waiting = new Set<Waiting>();
  turns = 0;
  refused = 0;

  constructor(queue: FairQueue, name: string, weight = 1) {
    this.queue = queue;
    this.name = name;
    this.weight = weight;
  }

  ask(): void {
    const asked = this.queue.ask(this.name, this.weight);
    if (asked === undefined) {
      this.refused++;
    } else if ("end" in asked) {
      this.turns++;
      this.running.push(asked);
    } else {
      this.waiting.add(asked);
      asked.turn.then((turn) => {
        this.waiting.delete(asked);
        this.turns++;
        this.running.push(turn);
      });
    }
  }

  end(extra = 0): void {
    this.running.shift()?.end(extra);
  }
}

const settled = async (): Promise<void> => {
  for (let i = 0; i < 3; i++) await Promise.resolve();
};

describe("a fair queue", () => {
  test("loses nobody and passes no bound, whoever asks, ends or leaves", async () => {
    const step = fc.tuple(fc.constantFrom("ask", "end", "leave"), fc.nat(3), fc.integer({ min: 0, max: 5 }));
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          runningMax: fc.integer({ min: 1, max: 4 }),
          runningPerFlowMax: fc.integer({ min: 1, max: 4 }),
          waitingPerFlowMax: fc.integer({ min: 1, max: 4 }),
        }),
        fc.array(step, { maxLength: 120 }),
        async (bounds, steps) => {
          const queue = new FairQueue(bounds);
          const flows = [1, 2, 0.5, 7].map((weight, at) => new Asker(queue, `f${at}`, weight));
          for (const [what, at, extra] of steps) {
            const flow = flows[at];
            if (flow === undefined) continue;
            const before = flow.refused;
            const full = flow.waiting.size === bounds.waitingPerFlowMax;
            if (what === "ask") flow.ask();
            else if (what === "end") flow.end(extra);
            else
              for (const one of flow.waiting) {
                one.leave();
                flow.waiting.delete(one);
                break;
              }
            if (flow.refused > before) expect(full).toBe(true);
            await settled();
            const running = flows.reduce((sum, { running }) => sum + running.length, 0);
            expect(queue.running).toBe(running);
            expect(running).toBeLessThanOrEqual(bounds.runningMax);
            for (const { name, running, waiting } of flows) {
              expect(running.length).toBeLessThanOrEqual(bounds.runningPerFlowMax);
              expect(queue.waitingOf(name)).toBe(waiting.size);
              // Nobody waits who could run.
              if (waiting.size > 0) {
                expect(running.length === bounds.runningPerFlowMax || queue.running === bounds.runningMax).toBe(true);
              }
            }
          }
          for (let left = true; left; await settled()) {
            left = flows.some((flow) => flow.running.length > 0);
            for (const flow of flows) flow.end();
          }
          for (const { waiting } of flows) expect(waiting.size).toBe(0);
          expect(queue.running).toBe(0);
        },
      ),
      { numRuns: runs(150) },
    );
  });

  test("shares turns by weight among those that always want one", async () => {
    const weight = fc.integer({ min: 1, max: 8 });
    await fc.assert(
      fc.asyncProperty(fc.array(weight, { minLength: 2, maxLength: 5 }), async (weights) => {
        const queue = new FairQueue({ runningMax: 1, runningPerFlowMax: 1, waitingPerFlowMax: 1_000 });
        const holder = new Asker(queue, "holder");
        holder.ask();
        const flows = weights.map((weight, at) => new Asker(queue, `f${at}`, weight));
        const rounds = 40;
        // The greedier a flow, the more it asks for; it gets no more for it.
        flows.forEach((flow, at) => {
          for (let i = 0; i < rounds * 9 * (at + 1); i++) flow.ask();
        });
        holder.end();
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        for (let i = 0; i < rounds * total; i++) {
          await settled();
          flows.find(({ running }) => running.length > 0)?.end();
        }
        await settled();
        for (const { turns, weight } of flows) expect(Math.abs(turns - rounds * weight)).toBeLessThanOrEqual(2);
      }),
      { numRuns: runs(20) },
    );
  });

  test("lets a quiet flow in next, however many of another wait, and saves nothing up for it", async () => {
    const queue = new FairQueue({ runningMax: 2, runningPerFlowMax: 2, waitingPerFlowMax: 1_000 });
    const flood = new Asker(queue, "flood");
    const quiet = new Asker(queue, "quiet");
    for (let i = 0; i < 500; i++) flood.ask();
    for (let i = 0; i < 300; i++) {
      flood.end();
      await settled();
    }
    for (let i = 0; i < 5; i++) quiet.ask();
    flood.end();
    await settled();
    expect(quiet.turns).toBe(1);
    flood.end();
    quiet.end();
    await settled();
    // From here on they take turns: the time it was quiet is not made up for.
    expect(quiet.turns).toBe(2);
    expect(flood.running.length).toBe(1);
  });

  test("charges what a turn cost besides", async () => {
    const queue = new FairQueue({ runningMax: 1, runningPerFlowMax: 1, waitingPerFlowMax: 1_000 });
    const dear = new Asker(queue, "dear");
    const cheap = new Asker(queue, "cheap");
    for (let i = 0; i < 500; i++) {
      dear.ask();
      cheap.ask();
    }
    for (let i = 0; i < 440; i++) {
      if (dear.running.length > 0) dear.end(9);
      else cheap.end();
      await settled();
    }
    expect(cheap.turns / dear.turns).toBeGreaterThan(9);
    expect(cheap.turns / dear.turns).toBeLessThan(11);
  });

  test("forgets flows that have nothing to run, and ends a turn once", () => {
    const queue = new FairQueue({ runningMax: 10, runningPerFlowMax: 10, waitingPerFlowMax: 1 });
    const kept = new Asker(queue, "kept");
    kept.ask();
    for (let i = 0; i < 5_000; i++) {
      const passing = new Asker(queue, `p${i}`, 1 + (i % 3));
      passing.ask();
      passing.end();
    }
    expect(queue.running).toBe(1);
    const [turn] = kept.running;
    turn?.end(0);
    turn?.end(0);
    expect(queue.running).toBe(0);
  });
});
