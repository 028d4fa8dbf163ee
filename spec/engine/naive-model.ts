/**
 * A model of a transactional key-value store without cleverness: committed rows in a sorted array, each transaction a
 * list of what it did. Shares nothing with the engine. Keys are latin1 strings, values hex.
 */
import { naiveAtomic } from "./naive-atomic.js";

export type ModelRow = readonly [key: string, value: string];

export interface ModelSelector {
  readonly key: string;
  readonly orEqual: boolean;
  readonly offset: number;
}

/** One thing a transaction does. */
export type Action =
  | { readonly type: "get"; readonly key: string; readonly snapshot: boolean }
  | { readonly type: "getKey"; readonly selector: ModelSelector; readonly snapshot: boolean }
  | {
      readonly type: "getRange";
      readonly begin: ModelSelector;
      readonly end: ModelSelector;
      readonly limit: number;
      readonly reverse: boolean;
      readonly snapshot: boolean;
      readonly mode: "exact" | "small" | "wantAll" | "iterator";
    }
  | { readonly type: "set"; readonly key: string; readonly value: string }
  | { readonly type: "clear"; readonly key: string }
  | { readonly type: "clearRange"; readonly begin: string; readonly end: string }
  | { readonly type: "atomic"; readonly op: string; readonly key: string; readonly operand: string }
  | { readonly type: "stampValue"; readonly key: string }
  | { readonly type: "stampKey"; readonly prefix: string }
  | { readonly type: "readConflict"; readonly begin: string; readonly end: string }
  | { readonly type: "writeConflict"; readonly begin: string; readonly end: string }
  | { readonly type: "commit" }
  | { readonly type: "reset" };

/** What an engine answered. */
export type Answer =
  | { readonly error: number }
  | { readonly value: string | undefined }
  | { readonly key: string }
  | { readonly rows: readonly ModelRow[]; readonly more: boolean }
  | { readonly stamp: string | undefined }
  | { readonly done: true };

type Write = Extract<Action, { type: "set" | "clear" | "clearRange" | "atomic" | "stampValue" | "stampKey" }>;
type Read = Extract<Action, { type: "get" | "getKey" | "getRange" }>;

interface Range {
  readonly begin: string;
  readonly end: string;
}

const last = "\xff";
const after = (key: string): string => `${key}\0`;
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (value: Uint8Array): string => Buffer.from(value).toString("hex");

const put = (rows: readonly ModelRow[], key: string, value: string | undefined): ModelRow[] => {
  const others = rows.filter(([other]) => other !== key);
  if (value !== undefined) others.push([key, value]);
  return others.sort(([a], [b]) => (a < b ? -1 : 1));
};

/** `rows` after a write; a stamp that is not known yet is a row of dots. */
const apply = (rows: readonly ModelRow[], write: Write, stamp = "..".repeat(10)): ModelRow[] => {
  switch (write.type) {
    case "set":
      return put(rows, write.key, write.value);
    case "clear":
      return put(rows, write.key, undefined);
    case "clearRange":
      return rows.filter(([key]) => key < write.begin || key >= write.end);
    case "atomic": {
      const old = rows.find(([key]) => key === write.key)?.[1];
      const value = naiveAtomic(write.op, old === undefined ? undefined : bytes(old), bytes(write.operand));
      return put(rows, write.key, value === undefined ? undefined : hex(value));
    }
    case "stampValue":
      return put(rows, write.key, stamp);
    case "stampKey":
      return put(rows, write.prefix + Buffer.from(stamp, "hex").toString("latin1"), "aa");
  }
};

/** How many rows lie before the one the selector leads to; may be negative or past the end. */
const position = (rows: readonly ModelRow[], { key, orEqual, offset }: ModelSelector): number => {
  const before = rows.filter(([other]) => (orEqual ? other <= key : other < key)).length;
  return before + offset - 1;
};

const isDirect = ({ offset }: ModelSelector): boolean => offset === 1;
const base = ({ key, orEqual }: ModelSelector): string => (orEqual ? after(key) : key);

interface DoneRead {
  readonly read: Read;
  readonly answer: Answer;
  readonly writesBefore: number;
}

class ModelTransaction {
  /** The rows it reads from; undefined before its first read. */
  snapshot: { readonly rows: readonly ModelRow[]; readonly commits: number } | undefined;
  readonly writes: Write[] = [];
  readonly reads: DoneRead[] = [];
  readonly readConflicts: Range[] = [];
  readonly writeConflicts: Range[] = [];
  deferred: number | undefined;
  readFailed: number | undefined;
}

const expectEqual = (what: string, actual: unknown, expected: unknown): void => {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (left !== right) throw new Error(`${what}: the engine says ${left}, the model ${right}`);
};

const isWrite = (action: Action): action is Write =>
  ["set", "clear", "clearRange", "atomic", "stampValue", "stampKey"].includes(action.type);
const isRead = (action: Action): action is Read => action.type.startsWith("get");

export class NaiveModel {
  rows: readonly ModelRow[] = [];
  /** What each commit wrote, in order. */
  readonly #commits: (readonly Range[])[] = [];
  readonly #transactions = new Map<number, ModelTransaction>();

  #transaction(id: number): ModelTransaction {
    const found = this.#transactions.get(id) ?? new ModelTransaction();
    this.#transactions.set(id, found);
    return found;
  }

  #view(transaction: ModelTransaction, writes: number, rows: readonly ModelRow[]): readonly ModelRow[] {
    return transaction.writes
      .slice(0, writes)
      .filter(({ type }) => type !== "stampKey")
      .reduce<readonly ModelRow[]>((view, write) => apply(view, write), rows);
  }

  /** Keys nobody can read before the commit. */
  #isUnreadable(transaction: ModelTransaction, key: string): boolean | "maybe" {
    let unreadable: boolean | "maybe" = false;
    for (const write of transaction.writes) {
      if (write.type === "stampValue" && write.key === key) unreadable = true;
      else if (write.type === "stampKey" && key.startsWith(write.prefix)) unreadable = "maybe";
      else if (write.type === "clear" && write.key === key) unreadable = unreadable === "maybe" ? "maybe" : false;
      else if (write.type === "clearRange" && write.begin <= key && key < write.end) {
        unreadable = unreadable === "maybe" ? "maybe" : false;
      }
    }
    return unreadable;
  }

  /** Checks an answer of the engine, and does the same here. Throws where they cannot both be right. */
  step(id: number, action: Action, answer: Answer): void {
    const transaction = this.#transaction(id);
    if (action.type === "reset") {
      this.#transactions.delete(id);
      return;
    }
    if (action.type === "commit") {
      this.#commit(transaction, answer);
      this.#transactions.delete(id);
      return;
    }
    if (isRead(action)) {
      this.#checkRead(transaction, action, answer);
      return;
    }
    const inverted = "begin" in action && action.begin > action.end;
    if (inverted && action.type !== "clearRange") {
      expectEqual(action.type, answer, { error: 2005 });
      return;
    }
    expectEqual(action.type, answer, { done: true });
    if (transaction.deferred !== undefined) return;
    if (inverted) transaction.deferred = 2005;
    else if (isWrite(action)) transaction.writes.push(action);
    else if (action.type === "readConflict") transaction.readConflicts.push(action);
    else if (action.type === "writeConflict") transaction.writeConflicts.push(action);
  }

  #checkRead(transaction: ModelTransaction, read: Read, answer: Answer): void {
    if (transaction.deferred !== undefined) {
      expectEqual(read.type, answer, { error: transaction.deferred });
      return;
    }
    transaction.snapshot ??= { rows: this.rows, commits: this.#commits.length };
    const stamped = transaction.writes.some(({ type }) => type === "stampValue" || type === "stampKey");
    if ("error" in answer) {
      if (answer.error !== 1036 || !stamped) expectEqual(read.type, answer, "no error");
      if (read.type === "get" && this.#isUnreadable(transaction, read.key) === false) {
        expectEqual("get", answer, "a readable value");
      }
      transaction.readFailed = 1036;
      return;
    }
    if (read.type === "get" && this.#isUnreadable(transaction, read.key) === true) expectEqual("get", answer, 1036);
    const view = this.#view(transaction, transaction.writes.length, transaction.snapshot.rows);
    // What a stamp will change lies outside of what was read, or the answer would have been an error.
    this.#checkAnswer(read, answer, view);
    if (!read.snapshot) transaction.reads.push({ read, answer, writesBefore: transaction.writes.length });
  }

  #checkAnswer(read: Read, answer: Answer, view: readonly ModelRow[]): void {
    if (read.type === "get") {
      expectEqual("get", answer, { value: view.find(([key]) => key === read.key)?.[1] });
    } else if (read.type === "getKey") {
      const at = position(view, read.selector);
      expectEqual("getKey", answer, { key: at < 0 ? "" : (view[at]?.[0] ?? last) });
    } else {
      if (!("rows" in answer)) throw new Error("A range read answers with rows.");
      const from = Math.max(0, position(view, read.begin));
      const all = view.slice(from, Math.max(from, position(view, read.end)));
      if (read.reverse) all.reverse();
      const { rows, more } = answer;
      expectEqual("rows", rows, all.slice(0, rows.length));
      const complete = rows.length === all.length;
      const full = read.limit > 0 && rows.length === read.limit;
      if (!more) expectEqual("a read to its end", complete, true);
      else if (rows.length === 0) expectEqual("more after nothing", more, false);
      if (read.limit > 0 && rows.length > read.limit) expectEqual("the limit", rows.length, read.limit);
      if (read.mode === "exact") expectEqual("an exact read", complete || full, true);
    }
  }

  /** All that a read can have depended on. */
  #reach({ read, answer }: DoneRead): Range {
    if (read.type === "get") return { begin: read.key, end: after(read.key) };
    if (read.type === "getKey") {
      const key = "key" in answer ? answer.key : "";
      const from = base(read.selector);
      return from < key ? { begin: from, end: after(key) } : { begin: key, end: after(from) };
    }
    if (!isDirect(read.begin) || !isDirect(read.end) || !("rows" in answer)) return { begin: "", end: last };
    const [begin, end] = [base(read.begin), base(read.end)];
    const stop = answer.more ? answer.rows.at(-1)?.[0] : undefined;
    if (stop === undefined) return { begin, end };
    return read.reverse ? { begin: stop, end } : { begin, end: after(stop) };
  }

  /** Whether the answer would be another over `rows`. */
  #changed(
    transaction: ModelTransaction,
    { read, answer, writesBefore }: DoneRead,
    rows: readonly ModelRow[],
  ): boolean {
    try {
      this.#checkAnswer(read, answer, this.#view(transaction, writesBefore, rows));
      return false;
    } catch {
      return true;
    }
  }

  #commit(transaction: ModelTransaction, answer: Answer): void {
    const failure = transaction.deferred ?? transaction.readFailed;
    if (failure !== undefined) {
      expectEqual("commit", answer, { error: failure });
      return;
    }
    const { writes, writeConflicts, readConflicts, reads } = transaction;
    const isNothing = (one: Write | Range): boolean => "begin" in one && one.begin === one.end;
    const readOnly = writes.every(isNothing) && writeConflicts.every(isNothing);
    const { commits } = transaction.snapshot ?? { commits: this.#commits.length };
    const since = this.#commits.slice(commits).flat();
    const meets = (range: Range): boolean => since.some(({ begin, end }) => range.begin < end && begin < range.end);
    const mayConflict = reads.some((one) => meets(this.#reach(one))) || readConflicts.some(meets);
    const mustConflict = reads.some((one) => this.#changed(transaction, one, this.rows));
    if ("error" in answer) {
      if (answer.error !== 1020 || readOnly || !mayConflict) expectEqual("commit", answer, "committed");
      return;
    }
    if (!readOnly && mustConflict) expectEqual("commit", answer, { error: 1020 });
    const stamp = "stamp" in answer ? answer.stamp : undefined;
    this.rows = writes.reduce<readonly ModelRow[]>((rows, write) => apply(rows, write, stamp), this.rows);
    this.#commits.push([...writes.map((write) => written(write, stamp ?? "")), ...writeConflicts]);
  }
}

const written = (write: Write, stamp: string): Range => {
  if (write.type === "clearRange") return write;
  const key = write.type === "stampKey" ? write.prefix + Buffer.from(stamp, "hex").toString("latin1") : write.key;
  return { begin: key, end: after(key) };
};
