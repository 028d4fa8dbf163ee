/** A process of the benchmarks' own, for what the runner's memory would disturb. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A program of this folder, running by itself; `Answer` is what it sends. */
export class Child<Answer> {
  readonly #process: ChildProcess;
  readonly #exited: Promise<unknown[]>;

  constructor(program: string, args: readonly string[]) {
    // Beside the runner where it was bundled to.
    this.#process = fork(fileURLToPath(new URL(`${program}.js`, import.meta.url)), args);
    this.#exited = once(this.#process, "exit");
  }

  /** What it sends next. */
  async answer(): Promise<Answer> {
    const answered = once(this.#process, "message") as Promise<[Answer]>;
    const ended = this.#exited.then(([code]) => Promise.reject(new Error(`The process ended with ${code}.`)));
    const [answer] = await Promise.race([answered, ended]);
    return answer;
  }

  /** What it answers to `request`. */
  ask(request: string): Promise<Answer> {
    this.#process.send(request);
    return this.answer();
  }

  /** Ends the connection, and waits until the process has ended. */
  async end(): Promise<void> {
    if (this.#process.connected) this.#process.disconnect();
    await this.#exited;
  }
}
