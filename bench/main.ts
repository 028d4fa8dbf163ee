/** The benchmarks: asks the questions in turn, prints the tables, and writes the report and the plot. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import pc from "picocolors";
import { questions } from "./questions/index.js";
import { Bench, type Question, subject } from "./runner/bench.js";
import { plot } from "./runner/plot.js";
import { Progress } from "./runner/progress.js";
import { report } from "./runner/report.js";
import { full, quick } from "./runner/scale.js";
import { useProcessorTime } from "./runner/stopwatch.js";
import { digits, resultTable, verdictTable } from "./runner/table.js";
import { verdicts } from "./runner/targets.js";
import { candidates } from "./stores/kinds.js";
import { Shelf } from "./stores/shelf.js";

interface Arguments {
  readonly quick: boolean;
  readonly processor: boolean;
  readonly only?: readonly string[];
  readonly rounds?: number;
  readonly json?: string;
  readonly plot?: string;
  readonly folder: string;
}

const command = new Command("bench")
  .description("Measures Tenantry beside its peers, in turn, on the same rows; ratios of one run are what counts.")
  .option("--quick", "fewer rows and rounds, under a minute", false)
  .option("--only <names...>", `of ${questions.map(({ name }) => name).join(", ")}`)
  .option("--rounds <number>", "rounds of every comparison", Number)
  .option("--processor", "measure this process's processor time: for reads, on a machine that does other things", false)
  .option("--json <file>", "where to write the report")
  .option("--plot <file>", "where to draw the results, as SVG")
  .option(
    "--folder <folder>",
    "where the stores are kept meanwhile",
    fileURLToPath(new URL("../.stores", import.meta.url)),
  );

/** The questions asked for, of those that can be asked. */
function chosen({ only }: Arguments): Question[] {
  const unknown = only?.find((name) => !questions.some((question) => question.name === name));
  if (unknown !== undefined) command.error(`There is no question ${JSON.stringify(unknown)}.`);
  return questions.filter(({ name }) => only?.includes(name) ?? true);
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(options: Arguments): Promise<void> {
  const asked = chosen(options);
  if (options.processor) useProcessorTime();
  const present = candidates(process.env["TENANTRY_FDB_CLUSTER_FILE"]);
  const progress = new Progress();
  const shelf = new Shelf(options.folder, (name, people) =>
    progress.say(`Loading ${people.toLocaleString("en-US")} people into ${name} …`),
  );
  const scale = {
    ...(options.quick ? quick : full),
    ...(options.rounds === undefined ? {} : { rounds: options.rounds }),
  };
  const bench = new Bench({ scale, candidates: present, shelf, progress });
  if (present.missing.length > 0) {
    print(
      pc.yellow(`Not installed, so left out: ${present.missing.join(", ")}. \`npm run bench:peers\` installs them.`),
    );
  }
  const begun = performance.now();
  try {
    for (const question of asked) {
      if (question.engines?.includes(present.engine) === false) continue;
      const before = bench.outcomes.length;
      await question.ask(bench);
      progress.end();
      print(`\n${pc.bold(question.title)}`);
      print(resultTable(bench.outcomes.slice(before), subject));
    }
  } finally {
    progress.end();
    await shelf.close();
  }
  const judged = verdicts(bench.ratios);
  if (judged.length > 0) {
    print(
      `\n${pc.bold("Targets")}${options.quick ? pc.dim("  (of a quick run: fewer rows, records and tenants)") : ""}`,
    );
    print(verdictTable(judged));
  }
  const written = report(present, bench.outcomes, bench.ratios);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(written, undefined, 2)}\n`);
  const peers = new Set(present.present.map(({ name }) => name).filter((name) => name !== subject));
  const drawing = plot(
    bench.outcomes,
    subject,
    peers,
    `Times what Tenantry does (${present.engine} engine); longer is faster`,
  );
  if (options.plot !== undefined && drawing !== undefined) writeFileSync(options.plot, drawing);
  print(pc.dim(`${digits((performance.now() - begun) / 1_000)} s`));
}

main(command.parse().opts<Arguments>()).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
