/** Soaks by name: `npm run soak` lists them, `npm run soak -- NAME` runs one and writes what came of it to docs/soak.json. */
import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { availableParallelism } from "node:os";
import { Command } from "commander";
import { readRecord, type SoakEntry, writeEntry } from "./record.js";
import { runSoak } from "./run.js";
import { soaks } from "./soaks.js";

interface Arguments {
  readonly runs?: number;
  readonly seed?: number;
  readonly record: boolean;
}

const command = new Command("soak")
  .description("Runs a soak: the long version of some specs.")
  .argument("[names...]", "what to run; without any, the soaks are listed")
  .option("--runs <number>", "more runs than it has by itself", Number)
  .option("--seed <number>", "where chance begins; drawn unless given", Number)
  .option("--no-record", "write nothing to docs/soak.json: for a try on changed files");

const print = (text: string): void => void process.stdout.write(`${text}\n`);

const git = (...args: string[]): string => execFileSync("git", args, { encoding: "utf8" }).trim();

/** The commit that is run. */
function commitOf(): string {
  const changed = git("status", "--porcelain", "--", ".", ":(exclude)docs/soak.json");
  if (changed !== "")
    command.error(`A soak is recorded of a commit. Commit these first, or give --no-record:\n${changed}`);
  return git("rev-parse", "HEAD");
}

function list(): void {
  const record = readRecord();
  for (const [name, { shows, runs }] of Object.entries(soaks)) {
    const last = record[name];
    const told =
      last === undefined ? "never run" : `${last.outcome} on ${last.date}, ${last.runs} runs, ${last.seconds} s`;
    print(`${name.padEnd(20)} ${shows}\n${"".padEnd(20)} ${runs} runs; ${told}`);
  }
}

async function soak(name: string, options: Arguments): Promise<boolean> {
  const found = soaks[name];
  if (found === undefined)
    return command.error(`There is no soak ${JSON.stringify(name)}; there are ${Object.keys(soaks).join(", ")}.`);
  const { runs = found.runs, seed = randomInt(2 ** 31) } = options;
  const commit = options.record ? commitOf() : undefined;
  print(`${name}: ${found.shows}\n${runs} runs, seed ${seed}`);
  const result = await runSoak(found, runs, seed);
  const outcome = result.failed === 0 ? "green" : "red";
  print(
    `${name}: ${outcome}, ${result.passed} passed, ${result.failed} failed, ${result.tried} cases, ${result.seconds} s, seed ${seed}`,
  );
  if (commit !== undefined) {
    const machine = { node: process.version, cores: availableParallelism() };
    const date = new Date().toISOString().slice(0, 10);
    writeEntry(name, { outcome, commit, date, seed, runs, ...result, ...machine } satisfies SoakEntry);
  }
  return outcome === "green";
}

command.parse();
const options = command.opts<Arguments>();
if (command.args.length === 0) list();
for (const name of command.args) if (!(await soak(name, options))) process.exitCode = 1;
