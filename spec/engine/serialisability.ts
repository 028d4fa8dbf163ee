/**
 * Whether what transactions saw can be explained by some order of them: cycles in the graph of their dependencies, as
 * Elle looks for. Understands lists that are appended to (a read shows the order of the appends) and registers whose
 * every write names the value it replaced.
 */

/** What one transaction did to a key, in its own order. Values are unique over the whole history. */
export type Observation =
  | { readonly type: "append"; readonly key: string; readonly value: number }
  | { readonly type: "read"; readonly key: string; readonly values: readonly number[] }
  /** Read `read` (undefined: nothing was there) and left `wrote` in its place. */
  | {
      readonly type: "replace";
      readonly key: string;
      readonly read: number | undefined;
      readonly wrote: number;
    }
  | { readonly type: "look"; readonly key: string; readonly value: number | undefined };

export interface ObservedTransaction {
  readonly id: string;
  /** When it was begun and when its commit was answered, by one clock. */
  readonly began: number;
  readonly ended: number;
  /** `unknown` counts as committed as soon as somebody saw its writes. */
  readonly outcome: "committed" | "aborted" | "unknown";
  readonly observations: readonly Observation[];
}

export type AnomalyName =
  /** A value of an aborted transaction, or of nobody, was read. */
  | "aborted read"
  /** A value was read that its transaction overwrote itself. */
  | "intermediate read"
  /** A transaction did not see its own writes. */
  | "internal"
  /** Two reads of a list show orders that exclude each other. */
  | "incompatible order"
  /** A committed write is gone: two replaced the same value, or an append that others come after is missing. */
  | "lost update"
  /** A cycle of overwrites. */
  | "write cycle"
  /** A cycle of overwrites and reads of what was written. */
  | "circular information flow"
  /** A cycle with one read of what was overwritten later. */
  | "read skew"
  /** A cycle with several such reads. */
  | "write skew"
  /** A cycle that closes only in real time: a read that is too old. */
  | "stale read";

export interface Anomaly {
  readonly name: AnomalyName;
  /** The transactions concerned, in the cycle's order where there is one. */
  readonly transactions: readonly string[];
}

type EdgeKind = "overwrites" | "reads" | "is overwritten by" | "precedes";

interface Edge {
  readonly to: string;
  readonly kind: EdgeKind;
}

type Graph = Map<string, Edge[]>;

/** The versions of one key in the order in which they replaced each other. */
interface KeyHistory {
  /** Who wrote each value. */
  readonly writers: Map<number, string>;
  /** The values in order, as far as reads tell. */
  readonly order: number[];
}

class Analysis {
  readonly anomalies: Anomaly[] = [];
  readonly #byId: Map<string, ObservedTransaction>;
  readonly #keys = new Map<string, KeyHistory>();
  readonly #graph: Graph = new Map();

  constructor(transactions: readonly ObservedTransaction[]) {
    this.#byId = new Map(transactions.map((one) => [one.id, one]));
    const readers = transactions.filter(({ outcome }) => outcome === "committed");
    for (const one of transactions) this.#noteWrites(one);
    for (const one of readers) this.#checkInternally(one);
    const happened = this.#happened(transactions);
    this.#orderLists(readers);
    this.#findLostAppends(readers);
    this.#orderRegisters(happened);
    for (const one of happened) this.#addEdges(one);
    this.#addRealTime(readers);
    this.#findCycles();
  }

  #add(name: AnomalyName, ...transactions: readonly string[]): void {
    this.anomalies.push({ name, transactions });
  }

  #key(name: string): KeyHistory {
    const found = this.#keys.get(name) ?? { writers: new Map<number, string>(), order: [] };
    this.#keys.set(name, found);
    return found;
  }

  #noteWrites({ id, observations }: ObservedTransaction): void {
    for (const one of observations) {
      if (one.type === "append") this.#key(one.key).writers.set(one.value, id);
      else if (one.type === "replace") this.#key(one.key).writers.set(one.wrote, id);
    }
  }

  /** The transactions that count: those that committed, and those that may have and whose writes one of them saw. */
  #happened(transactions: readonly ObservedTransaction[]): ObservedTransaction[] {
    const counted = transactions.filter(({ outcome }) => outcome === "committed");
    for (let i = 0; i < counted.length; i++) {
      for (const one of counted[i]?.observations ?? []) {
        const seen = one.type === "read" ? one.values : one.type === "look" ? [one.value] : [];
        for (const value of one.type === "replace" ? [one.read] : seen) {
          const writer = this.#byId.get(value === undefined ? "" : (this.#key(one.key).writers.get(value) ?? ""));
          if (writer?.outcome === "unknown" && !counted.includes(writer)) counted.push(writer);
        }
      }
    }
    return counted;
  }

  /** An append is lost when a read that began after it was answered does not show it. */
  #findLostAppends(readers: readonly ObservedTransaction[]): void {
    for (const { id, ended, observations } of readers) {
      for (const one of observations) {
        if (one.type !== "append" || this.#key(one.key).order.includes(one.value)) continue;
        const later = readers.find(
          (reader) =>
            reader.began > ended && reader.observations.some(({ type, key }) => type === "read" && key === one.key),
        );
        if (later !== undefined) this.#add("lost update", id, later.id);
      }
    }
  }

  /** A transaction sees its own appends at the end of what it reads, and what it put in a register. */
  #checkInternally({ id, observations }: ObservedTransaction): void {
    const own = new Map<string, number[]>();
    const put = new Map<string, number>();
    for (const one of observations) {
      if (one.type === "append") own.set(one.key, [...(own.get(one.key) ?? []), one.value]);
      else if (one.type === "read") {
        const mine = own.get(one.key) ?? [];
        if (mine.some((value, i) => one.values.at(i - mine.length) !== value)) this.#add("internal", id);
      } else {
        const mine = put.get(one.key);
        const seen = one.type === "look" ? one.value : one.read;
        if (mine !== undefined && mine !== seen) this.#add("internal", id);
        if (one.type === "replace") put.set(one.key, one.wrote);
      }
    }
  }

  #checkRead(id: string, key: string, value: number): void {
    const writer = this.#byId.get(this.#key(key).writers.get(value) ?? "");
    if (writer === undefined || writer.outcome === "aborted") this.#add("aborted read", writer?.id ?? "nobody", id);
  }

  #orderLists(readers: readonly ObservedTransaction[]): void {
    const longest = new Map<string, { readonly values: readonly number[]; readonly by: string }>();
    const reads = readers.flatMap(({ id, observations }) =>
      observations.flatMap((one) => (one.type === "read" ? [{ ...one, by: id }] : [])),
    );
    for (const read of reads) {
      for (const value of read.values) this.#checkRead(read.by, read.key, value);
      if (read.values.length > (longest.get(read.key)?.values.length ?? -1)) longest.set(read.key, read);
    }
    for (const { key, values, by } of reads) {
      const whole = longest.get(key);
      if (whole === undefined || values.every((value, i) => whole.values[i] === value)) continue;
      this.#add("incompatible order", whole.by, by);
    }
    for (const [key, { values, by }] of longest) {
      const history = this.#key(key);
      history.order.push(...values);
      this.#checkIntermediate(key, values, by);
    }
    for (const { key, values, by } of reads) this.#checkIntermediate(key, values, by);
  }

  /** A transaction's appends to a list are visible together or not at all. */
  #checkIntermediate(key: string, values: readonly number[], by: string): void {
    const last = values.at(-1);
    const writer = last === undefined ? undefined : this.#byId.get(this.#key(key).writers.get(last) ?? "");
    if (writer === undefined || writer.id === by) return;
    const appended = writer.observations.flatMap((one) =>
      one.type === "append" && one.key === key ? [one.value] : [],
    );
    if (appended.at(-1) !== last) this.#add("intermediate read", writer.id, by);
  }

  #orderRegisters(transactions: readonly ObservedTransaction[]): void {
    const next = new Map<string, Map<number | undefined, { readonly wrote: number; readonly by: string }>>();
    for (const { id, observations } of transactions) {
      for (const one of observations) {
        const seen = one.type === "replace" ? one.read : one.type === "look" ? one.value : undefined;
        if (seen !== undefined && (one.type === "replace" || one.type === "look")) this.#checkRead(id, one.key, seen);
        if (one.type !== "replace") continue;
        const after = next.get(one.key) ?? new Map();
        next.set(one.key, after);
        const other = after.get(one.read);
        if (other !== undefined) this.#add("lost update", other.by, id);
        else after.set(one.read, { wrote: one.wrote, by: id });
      }
    }
    for (const [key, after] of next) {
      const history = this.#key(key);
      const seen = new Set<number>();
      for (let at = after.get(undefined); at !== undefined && !seen.has(at.wrote); at = after.get(at.wrote)) {
        seen.add(at.wrote);
        history.order.push(at.wrote);
      }
    }
  }

  #edge(from: string | undefined, to: string | undefined, kind: EdgeKind): void {
    if (from === undefined || to === undefined || from === to) return;
    const edges = this.#graph.get(from) ?? [];
    this.#graph.set(from, edges);
    if (!edges.some((edge) => edge.to === to && edge.kind === kind)) edges.push({ to, kind });
  }

  /** The edges of what a transaction read; overwrites are added with the first look at a key. */
  #addEdges({ id, observations }: ObservedTransaction): void {
    for (const one of observations) {
      if (one.type === "append") continue;
      const { order, writers } = this.#key(one.key);
      const last = one.type === "read" ? one.values.at(-1) : one.type === "look" ? one.value : one.read;
      this.#edge(last === undefined ? undefined : writers.get(last), id, "reads");
      const following = order[last === undefined ? 0 : order.indexOf(last) + 1];
      const known = last === undefined || order.includes(last);
      if (known && following !== undefined) this.#edge(id, writers.get(following), "is overwritten by");
      for (let i = 1; i < order.length; i++) {
        this.#edge(writers.get(order[i - 1] ?? -1), writers.get(order[i] ?? -1), "overwrites");
      }
    }
  }

  /** One that ended before another began precedes it. Only the closest ones are linked; the rest follows. */
  #addRealTime(transactions: readonly ObservedTransaction[]): void {
    const byEnd = transactions.toSorted((a, b) => a.ended - b.ended);
    for (const later of transactions) {
      const before = byEnd.filter(({ ended }) => ended < later.began);
      const newest = Math.max(...before.map(({ began }) => began));
      for (const earlier of before) if (earlier.ended >= newest) this.#edge(earlier.id, later.id, "precedes");
    }
  }

  #findCycles(): void {
    const kinds: readonly (readonly [AnomalyName, readonly EdgeKind[]])[] = [
      ["write cycle", ["overwrites"]],
      ["circular information flow", ["overwrites", "reads"]],
      ["write skew", ["overwrites", "reads", "is overwritten by"]],
      ["stale read", ["overwrites", "reads", "is overwritten by", "precedes"]],
    ];
    for (const [name, kinds_] of kinds) {
      for (const component of components(this.#graph, new Set(kinds_))) {
        const cycle = shortestCycle(this.#graph, component, new Set(kinds_));
        const skews = cycle.filter(({ kind }) => kind === "is overwritten by").length;
        this.#add(name === "write skew" && skews === 1 ? "read skew" : name, ...cycle.map(({ to }) => to));
      }
      if (this.anomalies.length > 0) return;
    }
  }
}

/** The strongly connected components of more than one transaction (Tarjan's algorithm, without recursion). */
const components = (graph: Graph, kinds: ReadonlySet<EdgeKind>): ReadonlySet<string>[] => {
  const found: ReadonlySet<string>[] = [];
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const follow = (node: string): string[] =>
    (graph.get(node) ?? []).flatMap(({ to, kind }) => (kinds.has(kind) ? [to] : []));
  for (const root of graph.keys()) {
    if (index.has(root)) continue;
    const work: { readonly node: string; readonly next: Iterator<string> }[] = [];
    const enter = (node: string): void => {
      index.set(node, index.size);
      low.set(node, index.size - 1);
      stack.push(node);
      onStack.add(node);
      work.push({ node, next: follow(node)[Symbol.iterator]() });
    };
    enter(root);
    for (let top = work.at(-1); top !== undefined; top = work.at(-1)) {
      const { node } = top;
      const step = top.next.next();
      if (step.done !== true) {
        if (!index.has(step.value)) enter(step.value);
        else if (onStack.has(step.value)) low.set(node, Math.min(low.get(node) ?? 0, index.get(step.value) ?? 0));
        continue;
      }
      work.pop();
      const parent = work.at(-1);
      if (parent !== undefined) {
        low.set(parent.node, Math.min(low.get(parent.node) ?? 0, low.get(node) ?? 0));
      }
      if (low.get(node) !== index.get(node)) continue;
      const component = new Set<string>();
      for (let member = stack.pop(); member !== undefined; member = stack.pop()) {
        onStack.delete(member);
        component.add(member);
        if (member === node) break;
      }
      if (component.size > 1) found.push(component);
    }
  }
  return found;
};

/** A shortest cycle inside a component, as its edges. */
const shortestCycle = (graph: Graph, inside: ReadonlySet<string>, kinds: ReadonlySet<EdgeKind>): Edge[] => {
  let best: Edge[] = [];
  for (const start of inside) {
    const from = new Map<string, { readonly node: string; readonly edge: Edge }>();
    const queue = [start];
    for (let node = queue.shift(); node !== undefined && !from.has(start); node = queue.shift()) {
      for (const edge of graph.get(node) ?? []) {
        if (!kinds.has(edge.kind) || !inside.has(edge.to) || from.has(edge.to)) continue;
        from.set(edge.to, { node, edge });
        queue.push(edge.to);
      }
    }
    const cycle: Edge[] = [];
    for (let at = from.get(start); at !== undefined; at = at.node === start ? undefined : from.get(at.node)) {
      cycle.unshift(at.edge);
    }
    if (cycle.length > 0 && (best.length === 0 || cycle.length < best.length)) best = cycle;
  }
  return best;
};

/** What cannot be explained by any order of the transactions that fits real time; empty when all can. */
export const findAnomalies = (transactions: readonly ObservedTransaction[]): readonly Anomaly[] =>
  new Analysis(transactions).anomalies;
