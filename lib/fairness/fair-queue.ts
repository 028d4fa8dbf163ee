/** The fair queue: who is next when more want to run than may, by start-time fair queueing. Pure. */

/** Bounds of a fair queue. */
export interface FairQueueBounds {
  /** How many run at once, of all flows together. */
  readonly runningMax: number;
  /** How many of one flow run at once. */
  readonly runningPerFlowMax: number;
  /** How many of one flow wait. */
  readonly waitingPerFlowMax: number;
}

/** Leave to run; to be ended once. */
export interface Turn {
  /** `extra`: what it cost besides the 1 that everyone pays. */
  end(extra: number): void;
}

/** A request that waits for its turn. */
export interface Waiting {
  readonly turn: Promise<Turn>;
  /** Takes it out of the queue; its promise stays pending. Does nothing once it has its turn. */
  leave(): void;
}

/** What of one flow runs and waits. */
class Flow {
  readonly name: string;
  readonly weight: number;
  running = 0;
  /** In the order they came. */
  readonly waiting: ((turn: Turn) => void)[] = [];
  /** The virtual time at which the first that waits is due, and at which the last that ran is paid for. */
  start = 0;
  finish = 0;

  constructor(name: string, weight: number) {
    this.name = name;
    this.weight = weight;
  }
}

/** Flows kept that have nothing to run, for what they still have to pay. */
const idleFlowsMax = 1_000;

/**
 * Start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996): each flow gets a share of the turns in proportion to its
 * weight while it wants them, whatever the others ask for; what nobody wants goes to whoever does. A flow that was idle
 * saves nothing up. A turn costs 1, and afterwards what it turned out to cost besides.
 */
export class FairQueue {
  readonly #bounds: FairQueueBounds;
  readonly #flows = new Map<string, Flow>();
  /** Those with somebody waiting who may run as far as their flow goes: the one that is due first is last. */
  readonly #eligible: Flow[] = [];
  #virtual = 0;
  #running = 0;

  constructor(bounds: FairQueueBounds) {
    this.#bounds = bounds;
  }

  /** How many run. */
  get running(): number {
    return this.#running;
  }

  /** How many of a flow wait. */
  waitingOf(name: string): number {
    return this.#flows.get(name)?.waiting.length ?? 0;
  }

  /**
   * Asks for a turn of the flow `name`: has it at once, or waits for it; undefined when too many of the flow wait already.
   * A flow keeps the weight it came with for as long as it has anything to run.
   */
  ask(name: string, weight: number): Turn | Waiting | undefined {
    const flow = this.#flow(name, weight);
    const { runningMax, runningPerFlowMax, waitingPerFlowMax } = this.#bounds;
    if (this.#running < runningMax && flow.running < runningPerFlowMax) {
      flow.start = Math.max(this.#virtual, flow.finish);
      return this.#begin(flow);
    }
    if (flow.waiting.length >= waitingPerFlowMax) return undefined;
    let begin: (turn: Turn) => void = () => {};
    const turn = new Promise<Turn>((resolve) => {
      begin = resolve;
    });
    flow.waiting.push(begin);
    if (flow.waiting.length === 1 && flow.running < runningPerFlowMax) this.#enqueue(flow);
    return { turn, leave: () => this.#leave(flow, begin) };
  }

  #flow(name: string, weight: number): Flow {
    let flow = this.#flows.get(name);
    if (flow === undefined || (flow.running === 0 && flow.waiting.length === 0 && flow.weight !== weight)) {
      const { finish } = flow ?? { finish: 0 };
      flow = new Flow(name, weight);
      flow.finish = finish;
      this.#flows.set(name, flow);
      if (this.#flows.size > idleFlowsMax) this.#forgetIdle();
    }
    return flow;
  }

  /** Flows that nobody needs any more; the asking one is the last and stays. */
  #forgetIdle(): void {
    let rest = this.#flows.size;
    for (const [name, { running, waiting }] of this.#flows) {
      if (--rest === 0) return;
      if (running === 0 && waiting.length === 0) this.#flows.delete(name);
    }
  }

  #begin(flow: Flow): Turn {
    this.#virtual = Math.max(this.#virtual, flow.start);
    flow.finish = flow.start + 1 / flow.weight;
    flow.running++;
    this.#running++;
    let ended = false;
    return {
      end: (extra) => {
        if (ended) return;
        ended = true;
        this.#end(flow, extra);
      },
    };
  }

  #end(flow: Flow, extra: number): void {
    const wasFull = flow.running === this.#bounds.runningPerFlowMax;
    flow.finish += extra / flow.weight;
    flow.running--;
    this.#running--;
    if (wasFull && flow.waiting.length > 0) this.#enqueue(flow);
    while (this.#running < this.#bounds.runningMax && this.#dispatch());
    if (this.#running === 0) {
      // Nobody is there to be fair to.
      this.#virtual = 0;
      this.#flows.clear();
    }
  }

  /** Gives the flow that is due first its turn; whether there was one. */
  #dispatch(): boolean {
    const flow = this.#eligible.pop();
    if (flow === undefined) return false;
    flow.waiting.shift()?.(this.#begin(flow));
    if (flow.waiting.length > 0 && flow.running < this.#bounds.runningPerFlowMax) this.#enqueue(flow);
    return true;
  }

  /** Puts a flow in its place among the eligible; behind those due at the same time. */
  #enqueue(flow: Flow): void {
    flow.start = Math.max(this.#virtual, flow.finish);
    const eligible = this.#eligible;
    let low = 0;
    let high = eligible.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (Number(eligible[middle]?.start) > flow.start) low = middle + 1;
      else high = middle;
    }
    eligible.splice(low, 0, flow);
  }

  #leave(flow: Flow, begin: (turn: Turn) => void): void {
    const at = flow.waiting.indexOf(begin);
    if (at < 0) return;
    flow.waiting.splice(at, 1);
    if (flow.waiting.length > 0) return;
    const among = this.#eligible.indexOf(flow);
    if (among >= 0) this.#eligible.splice(among, 1);
  }
}
