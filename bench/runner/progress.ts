/** What a run shows while it measures: the case, the candidate, how far it is. */
import { Presets, SingleBar } from "cli-progress";
import pc from "picocolors";

export class Progress {
  #bar: SingleBar | undefined;

  /** Says what is prepared before the next case. */
  say(text: string): void {
    this.end();
    process.stderr.write(`${pc.dim(text)}\n`);
  }

  begin(name: string, steps: number): void {
    this.end();
    this.#bar = new SingleBar(
      { format: `${name.padEnd(24)} {bar} {percentage}% {candidate}`, hideCursor: true, clearOnComplete: true },
      Presets.shades_classic,
    );
    this.#bar.start(steps, 0, { candidate: "" });
  }

  step(candidate: string): void {
    this.#bar?.increment(1, { candidate });
  }

  end(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}
