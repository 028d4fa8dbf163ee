/**
 * `npm run package`: tries the package as npm packs it, in a project of its own: its files and links, what an import
 * costs, and the same program in Node, TypeScript's CommonJS, esbuild, webpack, Bun and Deno. What is not installed is
 * left out, and said so. With `--at-rest` it fails where an import takes too long.
 */
import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize, resolve } from "node:path";
import pc from "picocolors";

const root = resolve(import.meta.dirname, "..");
const peers = join(import.meta.dirname, "consumers/node_modules");

/** Files of the package at most, and milliseconds of the processor that the first import takes at most. */
const filesMax = 150;
const importMsMax = 200;
const importsTried = 5;
/** Only then what took how long decides. */
const isAtRest = process.argv.includes("--at-rest");

/** A user's project with the package in its `node_modules`, and what the package needs beside it. */
function project() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "tenantry-package-")));
  const packed = execFileSync("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder], {
    cwd: root,
    encoding: "utf8",
  });
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "tenantry"), { recursive: true });
  execFileSync("tar", ["-xzf", join(folder, packed.trim()), "-C", join(modules, "tenantry"), "--strip-components=1"]);
  // Where npm would put them: beside the package. The optional ones are not installed.
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (!name.startsWith(".") && name !== "foundationdb")
      symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
  cpSync(join(import.meta.dirname, "consumers"), folder, {
    recursive: true,
    filter: (path) => !/[\\/](node_modules|package(-lock)?\.json)$/.test(path),
  });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }));
  return folder;
}

/** Runs a command in the project. @throws what it printed, when it fails or does not print that all is as written. */
function run(folder, command, args, { printed = "as written" } = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: folder, encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status !== 0 || !stdout.includes(printed))
    throw new Error(`${command} ${args.join(" ")}\n${stdout}${stderr}`.trim());
  return stdout;
}

/** Of commands that say nothing when all is well. */
const silent = { printed: "" };

const node = process.execPath;
const tool = (name) => join(root, "node_modules/.bin", name);
const peer = (name) => join(peers, ".bin", name);

/** Every file of a folder, relative to it. */
const filesOf = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));

function files(folder) {
  const installed = join(folder, "node_modules/tenantry");
  const all = filesOf(installed);
  if (all.length > filesMax) throw new Error(`${all.length} files, ${filesMax} at most`);
  for (const path of all.filter((name) => name.endsWith(".map"))) {
    const { sourcesContent } = JSON.parse(readFileSync(join(installed, path), "utf8"));
    if (sourcesContent?.some((content) => content !== null)) throw new Error(`${path} has copies of the source`);
  }
  const bytes = all.reduce((sum, path) => sum + readFileSync(join(installed, path)).length, 0);
  return `${all.length} files, ${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/** Links of the pages lead to files of the package, or are addresses. */
function links(folder) {
  const installed = join(folder, "node_modules/tenantry");
  const all = new Set(filesOf(installed));
  const lost = [];
  let count = 0;
  for (const page of [...all].filter((path) => path.endsWith(".md"))) {
    for (const [, target] of readFileSync(join(installed, page), "utf8").matchAll(/\]\(([^)\s]+)\)/g)) {
      const [path] = target.split("#");
      if (path === "" || /^[a-z]+:/.test(target)) continue;
      count += 1;
      if (!all.has(normalize(join(dirname(page), path)))) lost.push(`${page}: ${target}`);
    }
  }
  if (lost.length > 0) throw new Error(`links lead nowhere:\n${lost.join("\n")}`);
  return `${count} links`;
}

function addresses(folder) {
  const { repository, homepage, bugs } = JSON.parse(
    readFileSync(join(folder, "node_modules/tenantry/package.json"), "utf8"),
  );
  const of = [repository?.url, homepage, bugs?.url];
  if (of.some((address) => typeof address !== "string")) throw new Error(`repository, homepage, bugs: ${of}`);
  return homepage;
}

function importing(folder) {
  const costs = Array.from({ length: importsTried }, () => Number(run(folder, node, ["import.mjs"], silent)));
  const least = Math.min(...costs);
  const told = `${Math.round(least)} ms of the processor, ${importMsMax} at most on a machine at rest`;
  if (least > importMsMax && isAtRest) throw new Error(told);
  return told;
}

const compile = (folder, args) => run(folder, node, [join(root, "node_modules/typescript/bin/tsc"), ...args], silent);

function typescript(folder, module, file) {
  const options = ["--module", module, "--target", "es2023", "--strict", "--skipLibCheck", "false", "--types", "node"];
  const output = join(folder, `built-${module}`);
  compile(folder, [...options, "--outDir", output, file]);
  const [built] = readdirSync(output).filter((name) => /\.c?js$/.test(name));
  run(folder, node, ["--no-warnings", join(output, built ?? "")]);
}

function declaring(folder) {
  const options = ["--module", "nodenext", "--target", "es2023", "--strict", "--types", "node", "--declaration"];
  compile(folder, [...options, "--outDir", join(folder, "built-declared"), "declared.ts"]);
}

function esbuild(folder) {
  const options = ["--bundle", "--platform=node", "--target=node20", "--format=esm", "--external:lmdb"];
  run(folder, tool("esbuild"), ["program.mjs", ...options, "--outfile=esbuild.mjs", "--log-level=error"], silent);
  run(folder, node, ["esbuild.mjs"]);
}

function webpack(folder) {
  const config = {
    mode: "production",
    target: "node20",
    entry: "./program.mjs",
    externalsType: "import",
    externals: ["lmdb"],
    experiments: { outputModule: true },
    output: { path: folder, filename: "webpack.mjs", module: true, chunkFormat: "module" },
    // What is minified has no names to tell classes by.
    optimization: { minimize: false },
  };
  const script = `
    const webpack = require(${JSON.stringify(join(peers, "webpack"))});
    webpack(${JSON.stringify({ ...config, context: folder })}, (error, stats) => {
      if (error ?? stats.hasErrors()) { console.error(error ?? stats.toString({ colors: false })); process.exit(1); }
      if (stats.hasWarnings()) { console.error(stats.toString({ all: false, warnings: true })); process.exit(1); }
      console.log("built");
    });`;
  run(folder, node, ["-e", script], { printed: "built" });
  run(folder, node, ["webpack.mjs"]);
}

const notInstalled = (name) =>
  existsSync(join(peers, name)) ? undefined : `not installed; npm run package:peers installs it`;

/** What is tried: its name, how, and why not. */
const checks = [
  ["files", files],
  ["links", links],
  ["repository, homepage, bugs", addresses],
  ["import", importing],
  ["Node", (folder) => void run(folder, node, ["program.mjs"])],
  ["Node, stacks", (folder) => void run(folder, node, ["stack.mjs"])],
  ["Node, require", (folder) => void run(folder, node, ["--no-warnings", "required.cjs"])],
  ["TypeScript, CommonJS, node16", (folder) => typescript(folder, "node16", "node16.cts")],
  ["TypeScript, CommonJS, nodenext", (folder) => typescript(folder, "nodenext", "nodenext.cts")],
  ["TypeScript, declarations of one's own", declaring],
  ["esbuild", esbuild],
  ["webpack", webpack, notInstalled("webpack")],
  ["Bun", (folder) => void run(folder, peer("bun"), ["run", "program.mjs"]), notInstalled("bun")],
  [
    "Deno",
    (folder) => void run(folder, peer("deno"), ["run", "-A", "--node-modules-dir=manual", "program.mjs"]),
    notInstalled("deno"),
  ],
];

const folder = project();
let failed = 0;
try {
  for (const [name, check, reason] of checks) {
    if (reason !== undefined) {
      console.log(`${pc.yellow("skipped")} ${name}: ${reason}`);
      continue;
    }
    try {
      const told = check(folder);
      console.log(`${pc.green("ok     ")} ${name}${told === undefined ? "" : `: ${told}`}`);
    } catch (error) {
      failed += 1;
      console.log(`${pc.red("failed ")} ${name}: ${error instanceof Error ? error.message : error}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (failed > 0) process.exitCode = 1;
