/** What the demo prints: numbers people can read, chapters, a progress bar. */
import { Presets, SingleBar } from "cli-progress";
import pc from "picocolors";

export const number = (value: number): string => Math.round(value).toLocaleString("en-US");
export const rate = (rows: number, ms: number): string => `${number((rows / Math.max(ms, 0.001)) * 1000)} rows/s`;
export const seconds = (ms: number): string => (ms < 1000 ? `${number(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

export function print(line = ""): void {
  process.stdout.write(`${line}\n`);
}

let chapters = 0;

/** Begins a numbered part of the report. */
export function chapter(title: string): void {
  chapters += 1;
  print();
  print(`${pc.cyan(String(chapters))}  ${pc.bold(title)}`);
}

export const say = (text: string): void => print(`   ${text}`);
export const passed = (text: string): void => say(`${pc.green("✓")} ${text}`);

/** Progress of work that counts rows: a bar in a terminal, a line now and then elsewhere. */
export class Progress {
  readonly #bar: SingleBar;
  readonly #started = performance.now();
  #rows = 0;

  constructor(total: number) {
    this.#bar = new SingleBar(
      {
        format: "   {bar} {percentage}% · {value}/{total} cities · {tenants} tenants · {rate} · {duration_formatted}",
        formatValue: (value, _options, type) => (type === "value" || type === "total" ? number(value) : String(value)),
        hideCursor: true,
        noTTYOutput: true,
        notTTYSchedule: 2000,
      },
      Presets.shades_classic,
    );
    this.#bar.start(total, 0, { tenants: 0, rate: "" });
  }

  add(rows: number, tenants: number): void {
    this.#rows += rows;
    this.#bar.update(this.#rows, { tenants, rate: rate(this.#rows, performance.now() - this.#started) });
  }

  end(): void {
    this.#bar.stop();
  }
}
