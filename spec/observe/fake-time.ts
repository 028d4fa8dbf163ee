/** Time that stands still until it is moved: timers and the monotonic clock, of the engines and of what is above them. */
import { vi } from "vitest";

/** Time as a spec moves it; begin before engines are opened, as they count from what the clock says then. */
export class FakeTime implements Disposable {
  constructor() {
    // Whoever waits for the disk waits in real time: immediates and promises of the system stay as they are.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"] });
  }

  /** Lets milliseconds pass, with the timers that are due in them. */
  async pass(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
  }

  [Symbol.dispose](): void {
    vi.useRealTimers();
  }
}
