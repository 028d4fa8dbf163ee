/** Starts `store-child.ts` in a process of its own and listens to its lines. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("store-child.ts", import.meta.url));

export interface StoreChild {
  readonly process: ChildProcessWithoutNullStreams;
  /** All lines so far. */
  readonly lines: string[];
  /** Resolves with the next line that is not taken yet; undefined when the child has ended. */
  next(): Promise<string | undefined>;
  /** Resolves when the child has ended and all it said is in `lines`. */
  readonly ended: Promise<void>;
}

/** `wrapper` is a command to run it under, such as strace with its arguments. */
export function startChild(task: string, path: string, option: number, wrapper: readonly string[] = []): StoreChild {
  const [command = process.execPath, ...args] = [...wrapper, process.execPath];
  const child = spawn(command, [...args, "--import", "tsx", script, task, path, String(option)], {
    env: { ...process.env, UV_THREADPOOL_SIZE: "1" },
  });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => lines.push(line));
  let taken = 0;
  const ended = Promise.all([once(reader, "close"), once(child, "exit")]).then(() => {});
  return {
    process: child,
    lines,
    ended,
    next: async () => {
      while (lines.length <= taken) {
        const more = await Promise.race([once(reader, "line").then(() => true), ended.then(() => false)]);
        if (!more && lines.length <= taken) return undefined;
      }
      return lines[taken++];
    },
  };
}
