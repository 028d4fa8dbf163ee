/** Replays histories recorded from a FoundationDB cluster on any engine, and says where the answers differ. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { AtomicOp } from "../../lib/engine/atomic-op.js";
import type { Engine, EngineTransaction, KeySelector, RangeOptions, Watch } from "../../lib/engine/engine.js";
import { EngineError } from "../../lib/engine/error.js";
import type { EngineOption } from "../../lib/engine/option.js";

interface RecordedSelector {
  readonly key: string;
  readonly orEqual: boolean;
  readonly offset: number;
}

/** One step of a history, as `README.md` beside the recordings describes it. */
export interface Step {
  readonly op: string;
  readonly tx?: string;
  readonly key?: string;
  readonly value?: string | number;
  readonly valueSize?: number;
  readonly begin?: string | RecordedSelector;
  readonly end?: string | RecordedSelector;
  readonly sel?: RecordedSelector;
  readonly type?: AtomicOp;
  readonly name?: EngineOption;
  readonly code?: number;
  readonly snapshot?: boolean;
  readonly reverse?: boolean;
  readonly limit?: number;
  readonly mode?: NonNullable<RangeOptions["mode"]>;
  readonly stamp?: boolean;
  readonly watch?: string;
  readonly waitMs?: number;
  readonly ms?: number;
  readonly result?: unknown;
}

export interface History {
  readonly kind: string;
  readonly seed: number;
  readonly steps: readonly Step[];
}

/** The first step of a history whose result differs. */
export interface Difference {
  readonly kind: string;
  readonly seed: number;
  readonly index: number;
  readonly step: Step;
  readonly expected: unknown;
  readonly actual: unknown;
}

export const loadHistories = (path: string | URL): History[] =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const errorResult = (error: unknown): { error: number } => {
  if (error instanceof EngineError) return { error: error.fdbCode };
  throw error;
};

/** Whether a watch settled, how. */
class WatchState {
  state = "pending";
  readonly #watch: Watch;
  readonly #settled: Promise<void>;

  constructor(watch: Watch) {
    this.#watch = watch;
    this.#settled = watch.fired.then(
      () => {
        this.state = "fired";
      },
      (error: unknown) => {
        this.state = `error:${errorResult(error).error}`;
      },
    );
  }

  cancel(): void {
    this.#watch.cancel();
  }

  async after(ms: number): Promise<string> {
    await Promise.race([this.#settled, sleep(ms)]);
    return this.state;
  }
}

/** How many times slower than recorded a history is replayed; the next when an answer came late on a busy machine. */
const slower = [1, 10, 40] as const;

class Replay {
  readonly #engine: Engine;
  /** What every timeout and every wait of the history is multiplied by. */
  readonly #scale: number;
  readonly #transactions = new Map<string, EngineTransaction>();
  readonly #watches = new Map<string, WatchState>();
  /** The stamps met so far, by the name the recording gives them. */
  readonly #stamps = new Map<string, string>();

  constructor(engine: Engine, scale: number) {
    this.#engine = engine;
    this.#scale = scale;
  }

  #transaction(step: Step): EngineTransaction {
    const transaction = this.#transactions.get(step.tx ?? "");
    if (transaction === undefined) throw new Error(`There is no transaction ${step.tx}.`);
    return transaction;
  }

  #bytes(recorded: unknown): Uint8Array {
    if (typeof recorded !== "string") throw new Error("The step lacks its bytes.");
    const filled = recorded.replace(/\{(VS\d+)\}/g, (_, name) => this.#stamps.get(name) ?? "");
    return Uint8Array.from(Buffer.from(filled, "hex"));
  }

  #selector(recorded: string | RecordedSelector | undefined): KeySelector {
    if (typeof recorded !== "object") throw new Error("The step lacks its selector.");
    return { key: this.#bytes(recorded.key), orEqual: recorded.orEqual, offset: recorded.offset };
  }

  /** `text` with the stamps met so far by their names. */
  #named(text: string): string {
    let named = text;
    for (const [name, stamp] of this.#stamps) named = named.replaceAll(stamp, `{${name}}`);
    return named;
  }

  #option(name: EngineOption, value: Step["value"]): number | string | undefined {
    return name === "timeout" && typeof value === "number" ? this.#scale * value : value;
  }

  async #commit(transaction: EngineTransaction, step: Step): Promise<unknown> {
    const asked = step.stamp === true ? transaction.getVersionstamp() : undefined;
    await transaction.commit();
    if (asked === undefined) return { ok: true };
    try {
      const stamp = hex(await asked);
      const name = `VS${this.#stamps.size}`;
      for (const earlier of this.#stamps.values()) if (earlier >= stamp) return { ok: true, stamp: "not greater" };
      this.#stamps.set(name, stamp);
      return { ok: true, stamp: `{${name}}` };
    } catch (error) {
      return { ok: true, stampError: errorResult(error).error };
    }
  }

  async #watchStep(step: Step): Promise<unknown> {
    const name = step.watch ?? "";
    if (step.op === "watch") {
      this.#watches.set(name, new WatchState(this.#transaction(step).watch(this.#bytes(step.key))));
      return undefined;
    }
    if (step.op === "cancelWatch") this.#watches.get(name)?.cancel();
    // A watch that is due settles soon; one that is not, not at all.
    else return { state: await this.#watches.get(name)?.after(this.#scale * Math.max(step.waitMs ?? 0, 20)) };
    return undefined;
  }

  async #run(step: Step): Promise<unknown> {
    if (step.op === "begin") {
      this.#transactions.set(step.tx ?? "", this.#engine.begin());
      return undefined;
    }
    if (step.op === "sleep") return void (await sleep(this.#scale * (step.ms ?? 0)));
    if (step.op.toLowerCase().includes("watch")) return this.#watchStep(step);
    const transaction = this.#transaction(step);
    switch (step.op) {
      case "reset":
        return void transaction.reset();
      case "cancel":
        return void transaction.cancel();
      case "get": {
        const value = await transaction.get(this.#bytes(step.key), step.snapshot);
        return { value: value === undefined ? null : this.#named(hex(value)) };
      }
      case "getKey":
        return { key: this.#named(hex(await transaction.getKey(this.#selector(step.sel), step.snapshot))) };
      case "getRange": {
        const { limit, reverse, snapshot, mode } = step;
        const options: RangeOptions = {
          ...(limit !== undefined && { limit }),
          ...(reverse !== undefined && { reverse }),
          ...(snapshot !== undefined && { snapshot }),
          ...(mode !== undefined && { mode }),
        };
        const { rows, more } = await transaction.getRange(
          this.#selector(step.begin),
          this.#selector(step.end),
          options,
        );
        return { rows: rows.map(([key, value]) => [this.#named(hex(key)), this.#named(hex(value))]), more };
      }
      case "getReadVersion":
        await transaction.getReadVersion();
        break;
      case "commit":
        return this.#commit(transaction, step);
      case "committedVersion":
        return { committed: transaction.getCommittedVersion() > 0n ? "some" : "none" };
      case "onError":
        await transaction.onError(new EngineError(step.code ?? 0));
        break;
      case "set":
        transaction.set(
          this.#bytes(step.key),
          step.valueSize === undefined ? this.#bytes(step.value) : new Uint8Array(step.valueSize).fill(0x76),
        );
        break;
      case "clear":
        transaction.clear(this.#bytes(step.key));
        break;
      case "clearRange":
        transaction.clearRange(this.#bytes(step.begin), this.#bytes(step.end));
        break;
      case "readConflict":
        transaction.addReadConflictRange(this.#bytes(step.begin), this.#bytes(step.end));
        break;
      case "writeConflict":
        transaction.addWriteConflictRange(this.#bytes(step.begin), this.#bytes(step.end));
        break;
      case "atomic":
        transaction.atomic(step.type ?? "add", this.#bytes(step.key), this.#bytes(step.value));
        break;
      case "option":
        if (step.name !== undefined) transaction.setOption(step.name, this.#option(step.name, step.value));
        break;
      default:
        throw new Error(`There is no step ${step.op}.`);
    }
    return { ok: true };
  }

  async first(history: History): Promise<Difference | undefined> {
    for (const [index, step] of history.steps.entries()) {
      let actual: unknown;
      try {
        actual = await this.#run(step);
      } catch (error) {
        actual = errorResult(error);
      }
      const expected = step.result;
      if (JSON.stringify(actual) !== JSON.stringify(expected)) {
        return { kind: history.kind, seed: history.seed, index, step, expected, actual };
      }
    }
    return undefined;
  }
}

/** Clears all the users' keys. */
const empty = async (engine: Engine): Promise<void> => {
  const transaction = engine.begin();
  transaction.clearRange(new Uint8Array(0), Uint8Array.of(0xff));
  await transaction.commit();
};

/** Whether a history has timeouts or watches: whether its answers depend on how fast it is replayed. */
const isTimed = ({ steps }: History): boolean =>
  steps.some(({ name, waitMs }) => name === "timeout" || waitMs !== undefined);

/**
 * Replays one history on an emptied engine; undefined when every answer is the recorded one. A machine that has other
 * things to do lets timeouts pass that did not when it was recorded, so a history with such is replayed slower before
 * its answers count as different.
 */
async function differenceOf(engine: Engine, history: History): Promise<Difference | undefined> {
  let difference: Difference | undefined;
  for (const scale of isTimed(history) ? slower : [1]) {
    await empty(engine);
    difference = await new Replay(engine, scale).first(history);
    if (difference === undefined) break;
  }
  return difference;
}

/** Replays histories on several engines side by side, each history on an emptied one; leaves them empty. */
export const replayAll = async (engines: readonly Engine[], histories: readonly History[]): Promise<Difference[]> => {
  const differences: Difference[] = [];
  // Those that sleep first: the others fill the time.
  const sleeping = (history: History): number =>
    history.steps.reduce((ms, step) => ms + (step.ms ?? 0) + (step.waitMs ?? 0), 0);
  const queue = histories.toSorted((a, b) => sleeping(b) - sleeping(a));
  await Promise.all(
    engines.map(async (engine) => {
      for (let history = queue.shift(); history !== undefined; history = queue.shift()) {
        const difference = await differenceOf(engine, history);
        if (difference !== undefined) differences.push(difference);
      }
      await empty(engine);
    }),
  );
  return differences;
};
