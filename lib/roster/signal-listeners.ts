/** Who waits for a signal: any number of calls, by one listener. */
import { listen, stopListening } from "../intrinsics/index.js";
import { type Placed, Roster } from "./roster.js";

/** Somebody who waits for a signal. */
class Waiting implements Placed {
  place = 0;
  /** Called when the signal is aborted; undefined once it is waited for no more. */
  onAbort: (() => void) | undefined;

  constructor(onAbort: () => void) {
    this.onAbort = onAbort;
  }
}

/** All who wait for one signal. It hears the signal as long as there is anybody. */
class SignalListeners {
  readonly #waiting = new Roster<Waiting>();
  readonly #hear = (): void => {
    for (const waiting of this.#waiting.all()) {
      const { onAbort } = waiting;
      waiting.onAbort = undefined;
      onAbort?.();
    }
  };

  add(signal: AbortSignal, onAbort: () => void): Waiting {
    const waiting = new Waiting(onAbort);
    if (this.#waiting.size === 0) listen(signal, this.#hear);
    this.#waiting.add(waiting);
    return waiting;
  }

  delete(signal: AbortSignal, waiting: Waiting): void {
    this.#waiting.delete(waiting);
    if (this.#waiting.size === 0) stopListening(signal, this.#hear);
  }
}

/** By signal: Node warns of a leak when one has more than ten listeners, and a service has one for all of its calls. */
const bySignal = new WeakMap<AbortSignal, SignalListeners>();

/** Calls `onAbort`, which throws nothing, when a signal is aborted that is not yet; unless the function it gives is called first. */
export function onAborted(signal: AbortSignal, onAbort: () => void): () => void {
  let listeners = bySignal.get(signal);
  if (listeners === undefined) {
    listeners = new SignalListeners();
    bySignal.set(signal, listeners);
  }
  const all = listeners;
  let waiting: Waiting | undefined = all.add(signal, onAbort);
  return () => {
    if (waiting === undefined) return;
    waiting.onAbort = undefined;
    all.delete(signal, waiting);
    waiting = undefined;
  };
}
