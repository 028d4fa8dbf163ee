/** The fair queue: who is next when more want to run than may, by worst-case fair weighted fair queueing. Pure. */
import { Flow, type Request } from "./flow.js";
import { Fluid } from "./fluid.js";
import { Heap } from "./heap.js";

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

/** Flows kept that have nothing to run. */
const idleFlowsMax = 1_000;

/**
 * Worst-case fair weighted fair queueing (WF²Q: Bennett and Zhang, 1996). Beside the queue goes a fluid, in which all
 * flows with requests run at once, each by its weight. It does the work of a turn with each turn that is taken, so that
 * time passes in it as turns are taken. The next turn is that of the request which the fluid is done with first, among
 * those it has begun with by the end of that turn. So, of requests that cost a turn each, none is taken later than in the
 * fluid, however many flows come and whatever they ask for, and none more than a turn earlier.
 *
 * What a turn turned out to cost besides is work of its flow, which the fluid does when the turn ends. Of a flow that runs
 * as much as it may, what waits does not count: it saves nothing up. When nobody waits, all is paid for.
 */
export class FairQueue {
  readonly #bounds: FairQueueBounds;
  readonly #flows = new Map<string, Flow>();
  #flowsMax = idleFlowsMax;
  readonly #fluid = new Fluid();
  /** Flows with somebody waiting who may run as far as their flow goes: with whom the fluid has begun, and the others. */
  readonly #begun = new Heap<Flow>((a, b) => a.finish < b.finish || (a.finish === b.finish && isFirst(a, b)));
  readonly #early = new Heap<Flow>((a, b) => a.start < b.start);
  #running = 0;
  #asked = 0;

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
   * Asks for a turn of the flow `name`, which has this weight from now on: has it at once, or waits for it; undefined when
   * too many of the flow wait already.
   */
  ask(name: string, weight: number): Turn | Waiting | undefined {
    const flow = this.#flow(name, weight);
    const { runningMax, runningPerFlowMax, waitingPerFlowMax } = this.#bounds;
    // Nobody else waits who might run: turns are given as they become free.
    if (this.#running < runningMax && flow.running < runningPerFlowMax) return this.#begin(flow);
    if (flow.waiting.length >= waitingPerFlowMax) return undefined;
    let give: (turn: Turn) => void = () => {};
    const turn = new Promise<Turn>((resolve) => {
      give = resolve;
    });
    const request = { number: this.#asked++, since: this.#fluid.now, begin: () => give(this.#begin(flow)) };
    flow.add(request);
    if (flow.running < runningPerFlowMax) this.#place(flow, true);
    return { turn, leave: () => this.#leave(flow, request) };
  }

  #flow(name: string, weight: number): Flow {
    let flow = this.#flows.get(name);
    if (flow === undefined) {
      if (this.#flows.size >= this.#flowsMax) this.#forgetIdle();
      flow = new Flow(weight);
      this.#flows.set(name, flow);
    } else if (flow.weight !== weight) this.#reweigh(flow, weight);
    return flow;
  }

  #forgetIdle(): void {
    for (const [name, flow] of this.#flows) if (flow.isIdle) this.#flows.delete(name);
    // Those that are in use are not looked through again before there are as many more.
    this.#flowsMax = Math.max(idleFlowsMax, 2 * this.#flows.size);
  }

  #reweigh(flow: Flow, weight: number): void {
    this.#fluid.remove(flow.share);
    flow.reweigh(weight, this.#fluid.now);
    this.#place(flow, flow.place >= 0);
  }

  #begin(flow: Flow): Turn {
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
    const { runningMax, runningPerFlowMax } = this.#bounds;
    const wasFull = flow.running === runningPerFlowMax;
    flow.running--;
    this.#running--;
    const waits = flow.waiting.length > 0;
    if (!waits && !this.#isWaiting) return;
    const { now } = this.#fluid;
    if (waits && wasFull) flow.resume(now);
    if (extra > 0) flow.owe(extra, now);
    this.#place(flow, waits);
    if (extra > 0) this.#fluid.advance(extra);
    while (this.#running < runningMax && this.#isWaiting) this.#giveTurn();
  }

  /** Gives whoever is next a turn. */
  #giveTurn(): void {
    this.#fluid.advance(1);
    const flow = this.#next();
    if (flow === undefined) return;
    flow.shift()?.begin();
    const isFull = flow.running === this.#bounds.runningPerFlowMax;
    if (isFull) flow.fullSince = this.#fluid.now;
    this.#place(flow, flow.waiting.length > 0 && !isFull);
    this.#settle();
  }

  #next(): Flow | undefined {
    const { now } = this.#fluid;
    for (let flow = this.#early.first; flow !== undefined && flow.start <= now; flow = this.#early.first) {
      this.#early.remove(flow);
      flow.isBegun = true;
      this.#begun.put(flow);
    }
    // The fluid has begun with one of them, but for errors of rounding.
    return this.#begun.first ?? this.#early.first;
  }

  #leave(flow: Flow, request: Request): void {
    const done = flow.leave(request, this.#fluid.now);
    if (done === undefined || flow.place < 0) return;
    this.#place(flow, flow.waiting.length > 0);
    // What the fluid did of it, it does for the others.
    this.#fluid.advance(done);
    this.#settle();
  }

  /** Whether anybody waits who may run as far as his flow goes. */
  get #isWaiting(): boolean {
    return this.#begun.first !== undefined || this.#early.first !== undefined;
  }

  /** When nobody waits, all is paid for. */
  #settle(): void {
    if (!this.#isWaiting) this.#fluid.advance(Number.POSITIVE_INFINITY);
  }

  /** Puts a flow whose times have changed where it belongs; `mayRun` says whether what waits of it counts. */
  #place(flow: Flow, mayRun: boolean): void {
    const { now } = this.#fluid;
    if (mayRun) flow.schedule();
    const isBegun = mayRun && flow.start <= now;
    if (flow.place >= 0 && !(mayRun && isBegun === flow.isBegun)) {
      (flow.isBegun ? this.#begun : this.#early).remove(flow);
    }
    flow.isBegun = isBegun;
    if (mayRun) (isBegun ? this.#begun : this.#early).put(flow);
    this.#fluid.put(flow.share, mayRun ? flow.due : flow.paid);
  }
}

/** Of two that the fluid is done with at once, the one of which less runs, then the one that came first. */
const isFirst = (a: Flow, b: Flow): boolean =>
  a.ran < b.ran || (a.ran === b.ran && (a.waiting[0]?.number ?? 0) < (b.waiting[0]?.number ?? 0));
