/** The benchmarks: asks the questions in turn, prints the tables, and writes the report and the plot. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import pc from "picocolors";
import { questions } from "./questions/index.js";
import { Bench, type Question, type Scale, subject } from "./runner/bench.js";
import { documented } from "./runner/document.js";
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
  readonly large?: number;
  readonly docs: boolean;
  readonly folder: string;
}

const command = new Command("bench")
  .description("Measures Tenantry beside its peers, in turn, on the same rows; ratios of one run are what counts.")
  .option("--quick", "fewer rows and rounds, under a minute", false)
  .option("--only <names...>", `of ${questions.map(({ name }) => name).join(", ")}`)
  .option("--rounds <number>", "rounds of every comparison", Number)
  .option("--processor", "measure this process's processor time: for reads, on a machine that does other things", false)
  .option("--large <number>", "people of the large comparisons; a million unless said otherwise", Number)
  .option("--docs", "write the report, the plot and the tables into docs/", false)
  .option("--json <file>", "where to write the report")
  .option("--plot <file>", "where to draw the results, as SVG")
  .option(
    "--folder <folder>",
    "where the stores are kept meanwhile; on a cluster, what their keys begin with",
    fileURLToPath(new URL("../.stores", import.meta.url)),
  );

/** The questions asked for, of those that can be asked. */
function chosen({ only }: Arguments): Question[] {
  const unknown = only?.find((name) => !questions.some((question) => question.name === name));
  if (unknown !== undefined) command.error(`There is no question ${JSON.stringify(unknown)}.`);
  return questions.filter(({ name }) => only?.includes(name) ?? true);
}

/** A file of the documentation, from where the runner is bundled to. */
const docs = (name: string): string => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));

/** The large comparisons with so many people. */
const large = (people: number): Pick<Scale, "peopleLarge" | "recordsGrown"> => ({
  peopleLarge: people,
  recordsGrown: [people / 100, people / 10, people].map(Math.round),
});

const print = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(options: Arguments): Promise<void> {
  const asked = chosen(options);
  if (options.processor) useProcessorTime();
  const present = candidates(process.env["TENANTRY_FDB_CLUSTER_FILE"]);
  const progress = new Progress();
  const shelf = new Shelf({
    folder: options.folder,
    places: present.places,
    onLoad: (name, people) => progress.say(`Loading ${people.toLocaleString("en-US")} people into ${name} …`),
  });
  const scale = {
    ...(options.quick ? quick : full),
    ...(options.rounds === undefined ? {} : { rounds: options.rounds }),
    ...(options.large === undefined ? {} : large(options.large)),
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
  const json = options.json ?? (options.docs ? docs("performance.json") : undefined);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(written, undefined, 2)}\n`);
  const peers = new Set(present.present.map(({ name }) => name).filter((name) => name !== subject));
  const drawing = plot(
    bench.outcomes,
    subject,
    peers,
    `Times what Tenantry does (${present.engine} engine); longer is faster`,
  );
  const picture = options.plot ?? (options.docs ? docs("performance.svg") : undefined);
  if (picture !== undefined && drawing !== undefined) writeFileSync(picture, drawing);
  if (options.docs) {
    const page = docs("performance.md");
    const { people, peopleLarge, rounds, roundsPaired } = scale;
    const count = (number: number): string => number.toLocaleString("en-US");
    const run = {
      report: written,
      outcomes: bench.outcomes,
      verdicts: judged,
      subject,
      command: ["npm run bench --", ...process.argv.slice(2)].join(" "),
      scale: `${count(people)} people, ${count(peopleLarge)} in the large comparisons; ${rounds} rounds, ${roundsPaired} of those with itself.`,
    };
    writeFileSync(page, documented(readFileSync(page, "utf8"), run));
  }
  print(pc.dim(`${digits((performance.now() - begun) / 1_000)} s`));
}

main(command.parse().opts<Arguments>()).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
