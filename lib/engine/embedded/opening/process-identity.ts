/** Who a process is, so that a lock it left behind is told from one it holds. */
import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** What a lock says of its holder. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When the process was started, in the system's own words: tells it from a later one with its number. */
  readonly started: string | undefined;
  readonly host: string;
  /** Which boot of the system, and which space of process numbers (a container has its own). */
  readonly space: string;
}

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
};

const readLink = (path: string): string => {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
};

export function ownIdentity(): ProcessIdentity {
  const space = `${read("/proc/sys/kernel/random/boot_id") ?? ""} ${readLink("/proc/self/ns/pid")}`;
  return { pid: process.pid, started: startedAt(process.pid), host: hostname(), space };
}

/** When the process with this number was started; undefined when the system does not tell. */
function startedAt(pid: number): string | undefined {
  // The second field of the line is the program's name in brackets and may hold anything; the 22nd is the start.
  const stat = read(`/proc/${pid}/stat`);
  if (stat !== undefined) return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  if (process.platform === "win32" || process.platform === "linux") return undefined;
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || undefined;
  } catch {
    return undefined;
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/**
 * Whether the process that `holder` names still runs: `"unknown"` when it cannot be seen from here (another host or
 * container), or when it is this very process.
 */
export function isRunning(holder: ProcessIdentity): boolean | "unknown" {
  const own = ownIdentity();
  if (holder.host !== own.host || holder.space !== own.space) return "unknown";
  if (!runs(holder.pid)) return false;
  const started = startedAt(holder.pid);
  if (holder.started !== undefined && started !== undefined && holder.started !== started) return false;
  return holder.pid === own.pid ? "unknown" : true;
}
