/** Nobody starves: however many come and whatever they ask for, no turn is later than in the fluid with the same arrivals. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FairQueue, type Turn, type Waiting } from "../../lib/fairness/fair-queue.js";
import { runs } from "../runs.js";
import { ProcessorSharing } from "./processor-sharing.js";

/** The longest turn: all cost 1. */
const longestTurn = 1;

/** A queue and the fluid beside it, to which the same requests come. */
class Race {
  readonly queue: FairQueue;
  readonly fluid = new ProcessorSharing();
  /** Turns taken so far, and after how many of them each request had its own. */
  clock = 0;
  readonly taken = new Map<number, number>();
  readonly running: { readonly turn: Turn; readonly name: string }[] = [];
  readonly waiting = new Map<number, Waiting>();
  #asked = 0;

  constructor(runningMax: number) {
    this.queue = new FairQueue({ runningMax, runningPerFlowMax: runningMax, waitingPerFlowMax: 10_000 });
  }

  async ask(name: string, weight: number): Promise<number> {
    const id = this.#asked++;
    const answer = this.queue.ask(name, weight);
    if (answer === undefined) throw new Error("Too many wait.");
    this.fluid.arrive(name, weight, id);
    if ("end" in answer) this.#take(id, name, answer);
    else {
      this.waiting.set(id, answer);
      void answer.turn.then((turn) => this.#take(id, name, turn));
    }
    return id;
  }

  /** Ends one of the turns that run. */
  async end(at: number, extra = 0): Promise<void> {
    const [ended] = this.running.splice(at % this.running.length, 1);
    ended?.turn.end(extra);
    for (let i = 0; i < 3; i++) await Promise.resolve();
  }

  #take(id: number, name: string, turn: Turn): void {
    this.waiting.delete(id);
    this.running.push({ turn, name });
    this.fluid.advance(1);
    this.taken.set(id, ++this.clock);
  }
}

const weights = fc.constantFrom(0.1, 0.5, 1, 1, 1, 2, 10, 100);
const ask = fc.record({
  /** One of a few flows, or one that never was there before. */
  flow: fc.oneof(fc.nat(3), fc.constant(undefined)),
  weight: weights,
  count: fc.integer({ min: 1, max: 6 }),
});
const step = fc.record({ asks: fc.array(ask, { maxLength: 6 }), ends: fc.array(fc.nat(), { maxLength: 4 }) });

describe("in a fair queue", () => {
  test("no turn is taken later than in the fluid, plus the longest turn, and none long before it", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(weights, { minLength: 4, maxLength: 4 }),
        fc.array(step, { maxLength: 15 }),
        async (runningMax, known, steps) => {
          const race = new Race(runningMax);
          let fresh = 0;
          for (const { asks, ends } of steps) {
            for (const { flow, weight, count } of asks) {
              const [name, by] = flow === undefined ? [`new ${fresh++}`, weight] : [`f${flow}`, known[flow] ?? 1];
              for (let n = 0; n < count; n++) await race.ask(name, by);
            }
            for (const at of ends) if (race.running.length > 0) await race.end(at);
            // What is left to be done is what waits: the queue is never idle while the fluid is not.
            expect(race.fluid.backlog).toBeCloseTo(race.waiting.size, 5);
          }
          while (race.running.length > 0) await race.end(0);
          expect(race.waiting.size).toBe(0);
          for (const [id, taken] of race.taken) {
            const { begun, done } = race.fluid;
            // A turn is over when the next is taken; it is not even taken later than the fluid would be done with it.
            expect(taken).toBeLessThanOrEqual(Number(done.get(id)) + 1e-6);
            expect(taken).toBeLessThan(Number(done.get(id)) + longestTurn);
            expect(taken).toBeGreaterThanOrEqual(Number(begun.get(id)) - 1e-6);
          }
        },
      ),
      { numRuns: runs(40) },
    );
  });

  /** How many turns are taken from a request of a flow until its own, with `each` before each of them. */
  const turnsUntil = async (
    race: Race,
    name: string,
    each: () => Promise<unknown> = async () => {},
  ): Promise<number> => {
    const id = await race.ask(name, 1);
    const before = race.clock;
    for (let n = 0; !race.taken.has(id) && n < 10_000; n++) {
      await each();
      await race.end(0);
    }
    return (race.taken.get(id) ?? Number.POSITIVE_INFINITY) - before;
  };

  test("a flow known for long waits no longer than a new one for hundreds that come at once", async () => {
    for (const name of ["known", "new"]) {
      const race = new Race(1);
      for (let n = 0; n < 50; n++) {
        await race.ask("known", 1);
        await race.ask("other", 1);
      }
      // A long scan, when nobody else waits or when others do, is paid for at once.
      while (race.waiting.size > 0) await race.end(0, 30);
      for (let flow = 0; flow < 200; flow++) for (let n = 0; n < 20; n++) await race.ask(`flood ${flow}`, 1);
      expect(await turnsUntil(race, name)).toBeLessThanOrEqual(201);
    }
  });

  test("a flow waits a few turns while new ones come without end", async () => {
    const race = new Race(1);
    for (let n = 0; n < 20; n++) await race.ask("known", 1);
    while (race.waiting.size > 0) await race.end(0, 5);
    let fresh = 0;
    const trickle = () => race.ask(`new ${fresh++}`, 1);
    for (let n = 0; n < 10; n++) await trickle();
    for (let n = 0; n < 5; n++) expect(await turnsUntil(race, "known", trickle)).toBeLessThanOrEqual(50);
    expect(await turnsUntil(race, "background", trickle)).toBeLessThanOrEqual(50);
  });

  test("a flow that ran alone as much as it may has saved nothing up, nor has one that was quiet", async () => {
    const queue = new FairQueue({ runningMax: 6, runningPerFlowMax: 3, waitingPerFlowMax: 10_000 });
    const running: { name: string; turn: Turn }[] = [];
    const taken: string[] = [];
    const ask = (name: string): void => {
      const asked = queue.ask(name, 1);
      const take = (turn: Turn): void => {
        taken.push(name);
        running.push({ name, turn });
      };
      if (asked === undefined) throw new Error("Too many wait.");
      if ("end" in asked) take(asked);
      else void asked.turn.then(take);
    };
    const end = async (): Promise<void> => {
      running.shift()?.turn.end(0);
      for (let i = 0; i < 3; i++) await Promise.resolve();
    };
    for (let n = 0; n < 2_000; n++) ask("alone");
    for (let n = 0; n < 500; n++) await end();
    for (const name of ["b", "c"]) for (let n = 0; n < 2_000; n++) ask(name);
    taken.length = 0;
    for (let n = 0; n < 600; n++) await end();
    for (const name of ["alone", "b", "c"]) {
      const turns = taken.filter((one) => one === name).length;
      expect([name, turns]).toEqual([name, expect.closeTo(200, -1)]);
    }
  });

  test("what a request cost that left again is its flow's no more, and another weight counts at once", async () => {
    const race = new Race(1);
    await race.ask("holder", 1);
    for (let n = 0; n < 300; n++) {
      await race.ask("a", 1);
      await race.ask("b", 1);
    }
    const gone: number[] = [];
    for (let n = 0; n < 50; n++) gone.push(await race.ask("c", 1));
    const turnsOf = async (name: string, turns: number): Promise<number> => {
      let count = 0;
      for (let n = 0; n < turns; n++) {
        await race.end(0);
        if (race.running[0]?.name === name) count++;
      }
      return count;
    };
    expect(Math.abs((await turnsOf("c", 30)) - 10)).toBeLessThanOrEqual(1);
    for (const id of gone) race.waiting.get(id)?.leave();
    expect(Math.abs((await turnsOf("a", 40)) - 20)).toBeLessThanOrEqual(1);
    await race.ask("a", 3);
    expect(Math.abs((await turnsOf("a", 40)) - 30)).toBeLessThanOrEqual(1);
  });
});
