/** A flow: what of one tenant runs and waits, and until when it has had its share. Pure. */
import type { Share } from "./fluid.js";
import type { Heaped } from "./heap.js";

/** A request that waits. */
export interface Request {
  /** In the order in which they came, over all flows. */
  readonly number: number;
  /** The virtual time at which it came. */
  readonly since: number;
  readonly begin: () => void;
}

export class Flow implements Heaped {
  place = -1;
  readonly share: Share;
  running = 0;
  /** In the order in which they came. */
  readonly waiting: Request[] = [];
  /** The virtual times at which the fluid is done with what has begun, and with what waits as well. */
  paid = 0;
  due = 0;
  /** Those at which it begins with the first that waits, and is done with that. */
  start = 0;
  finish = 0;
  /** How many run, as of then. */
  ran = 0;
  /** Whether the fluid has begun with it. */
  isBegun = false;
  /** The virtual time since which as much of the flow runs as may. */
  fullSince = 0;

  constructor(weight: number) {
    this.share = { weight, end: 0, place: -1 };
  }

  get weight(): number {
    return this.share.weight;
  }

  get isIdle(): boolean {
    return this.running === 0 && this.waiting.length === 0 && this.share.place < 0;
  }

  /** Someone comes to wait at a virtual time. */
  add(request: Request): void {
    const { since } = request;
    // Who was quiet saves nothing up.
    if (this.waiting.length === 0) this.paid = Math.max(this.paid, since);
    this.waiting.push(request);
    this.due = Math.max(this.due, this.paid, since) + 1 / this.weight;
  }

  /** Takes out the first that waits. */
  shift(): Request | undefined {
    this.paid = this.finish;
    const first = this.waiting.shift();
    if (this.waiting.length === 0) this.due = this.paid;
    return first;
  }

  /** Takes out one that waits; how much of it the fluid had done by a virtual time, undefined when it does not wait. */
  leave(request: Request, now: number): number | undefined {
    const at = this.waiting.indexOf(request);
    if (at < 0) return undefined;
    this.waiting.splice(at, 1);
    this.due -= 1 / this.weight;
    const done = Math.min(1, Math.max(0, now - this.due) * this.weight);
    if (this.waiting.length === 0) this.due = this.paid;
    return done;
  }

  /** Work that nobody knew of, done with what has begun: what waits comes after it. */
  owe(work: number, now: number): void {
    const time = work / this.weight;
    if (this.waiting.length === 0) {
      this.paid = Math.max(this.paid, now) + time;
      this.due = this.paid;
    } else {
      this.paid += time;
      this.due = Math.max(this.due, now) + time;
    }
  }

  /** What waits counts again from a virtual time on. What it was behind by it still is, but by no more. */
  resume(now: number): void {
    const behind = Math.max(0, this.fullSince - this.paid);
    const paid = Math.max(this.paid, now - behind);
    this.due += paid - this.paid;
    this.paid = paid;
  }

  /** Gives it another weight: what is left to be done stays as much work. */
  reweigh(weight: number, now: number): void {
    const longer = this.weight / weight;
    const scaled = (time: number): number => (time <= now ? time : now + (time - now) * longer);
    this.paid = scaled(this.paid);
    this.due = scaled(this.due);
    this.share.weight = weight;
  }

  /** Finds the times of the first that waits. */
  schedule(): void {
    this.start = Math.max(this.paid, this.waiting[0]?.since ?? 0);
    this.finish = this.start + 1 / this.weight;
    this.ran = this.running;
  }
}
