/** The report of a run as data: the machine, the versions, every case and every ratio. */
import { arch, cpus, release, totalmem, type } from "node:os";
import { ownVersion } from "../stores/installed.js";
import type { Candidates } from "../stores/kinds.js";
import type { Outcome } from "./comparison.js";

export interface ReportCase {
  /** `case/candidate`. */
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** How many rounds were measured. */
  readonly rounds: number;
  /** The value of each round, in order. */
  readonly values: readonly number[];
}

export interface Report {
  readonly machine: Readonly<Record<string, string | number>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly cases: readonly ReportCase[];
  /** How many times better Tenantry did: `case/candidate`; and values that say something on their own. */
  readonly ratios: Readonly<Record<string, number>>;
}

const mebibyte = 1_048_576;

function machine(): Report["machine"] {
  const cores = cpus();
  return {
    cpu: cores[0]?.model.trim() ?? "unknown",
    cores: cores.length,
    memoryMiB: Math.round(totalmem() / mebibyte),
    system: `${type()} ${release()} ${arch()}`,
  };
}

function versions({ present }: Candidates): Report["versions"] {
  const found: Record<string, string> = { node: process.version };
  for (const name of ["lmdb", "msgpackr", "zod"]) found[name] = ownVersion(name) ?? "not installed";
  for (const { name, version } of present) {
    if (name !== "tenantry" && name !== "lmdb-loop") found[name] = version() ?? "not installed";
  }
  return found;
}

export function report(
  candidates: Candidates,
  outcomes: readonly Outcome[],
  ratios: ReadonlyMap<string, number>,
): Report {
  return {
    machine: machine(),
    versions: versions(candidates),
    cases: outcomes.flatMap(({ name, unit, measured }) =>
      measured.map(({ candidate, values, median, min, max }) => ({
        name: `${name}/${candidate}`,
        unit,
        median,
        min,
        max,
        rounds: values.length,
        values,
      })),
    ),
    ratios: Object.fromEntries(ratios),
  };
}
