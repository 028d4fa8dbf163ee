/** The bench that questions are asked at: its sizes, its stores, its clock, and the book of what was measured. */
import type { Candidates } from "../stores/kinds.js";
import type { LoadedStore, Purpose, Shelf } from "../stores/shelf.js";
import type { PeopleStore } from "../stores/store.js";
import { type Candidate, type Comparison, compare, type Outcome, ratio } from "./comparison.js";
import type { Progress } from "./progress.js";
import { perSecond } from "./stopwatch.js";

/** How much a run measures. */
export interface Scale {
  readonly quick: boolean;
  /** People of the comparisons with all peers. */
  readonly people: number;
  /** People of the large comparisons. */
  readonly peopleLarge: number;
  readonly rounds: number;
  /** Rounds of comparisons of Tenantry with itself, which ask for a narrow interval. */
  readonly roundsPaired: number;
  /** Operations of one measurement: reads, and durable writes. */
  readonly reads: number;
  readonly writes: number;
  /** People of a bulk load. */
  readonly peopleLoaded: number;
  /** Sizes between which an operation's cost is compared. */
  readonly recordsGrown: readonly number[];
  readonly tenantsGrown: readonly number[];
  /** How long a quiet tenant is watched beside a flood. */
  readonly fairnessMs: number;
}

/** A question: one file, one answer. */
export interface Question {
  readonly name: string;
  /** What is asked, for the table. */
  readonly title: string;
  ask(bench: Bench): Promise<void>;
}

export interface BenchParts {
  readonly scale: Scale;
  readonly candidates: Candidates;
  readonly shelf: Shelf;
  readonly progress: Progress;
}

/** What a comparison of stores has besides. */
export interface StoresOptions {
  /** `"write"` for work that changes the store. */
  readonly purpose?: Purpose;
  /** Further candidates. */
  readonly more?: readonly Candidate[];
  /** Which stores can do the work; all of them unless said otherwise. */
  readonly can?: (loaded: LoadedStore) => boolean;
}

/** Tenantry's name among the candidates. */
export const subject = "tenantry";

export class Bench {
  readonly scale: Scale;
  readonly candidates: Candidates;
  readonly shelf: Shelf;
  readonly outcomes: Outcome[] = [];
  readonly ratios = new Map<string, number>();
  readonly #progress: Progress;

  constructor({ scale, candidates, shelf, progress }: BenchParts) {
    this.scale = scale;
    this.candidates = candidates;
    this.shelf = shelf;
    this.#progress = progress;
  }

  /** Measures, and books Tenantry's ratio to every other candidate as `case/candidate`. */
  async compare(comparison: Omit<Comparison, "rounds"> & { readonly rounds?: number }): Promise<Outcome> {
    const { name, candidates, rounds = this.scale.rounds } = comparison;
    this.#progress.begin(name, candidates.length * (rounds + 1));
    const outcome = await compare({ ...comparison, rounds }, (candidate) => this.#progress.step(candidate));
    this.enter(outcome);
    return outcome;
  }

  /** Enters what was measured otherwise. */
  enter(outcome: Outcome): void {
    this.outcomes.push(outcome);
    for (const { candidate } of outcome.measured) {
      const value = candidate === subject ? undefined : ratio(outcome, subject, candidate);
      if (value !== undefined) this.ratios.set(`${outcome.name}/${candidate}`, value);
    }
  }

  /** Books a value that says something on its own, such as the ratio of two growths. */
  book(name: string, value: number): void {
    this.ratios.set(name, value);
  }

  /** Compares, on stores of `people` people, whatever candidates can do the work; `work` returns its operations. */
  async compareStores(
    name: string,
    unit: "rows/s" | "ops/s",
    people: number,
    work: (store: PeopleStore, round: number) => Promise<number>,
    { purpose, more = [], can = () => true }: StoresOptions = {},
  ): Promise<Outcome> {
    const taken = [];
    for (const kind of this.candidates.present) {
      const loaded = await this.shelf.take(kind, people, purpose);
      if (can(loaded)) taken.push(loaded);
    }
    const candidates = taken.map(({ kind, store }) => ({
      name: kind.name,
      measure: (round: number) => perSecond(() => work(store, round)),
    }));
    return this.compare({ name, unit, candidates: [...candidates, ...more] });
  }
}

/** Adds up something of each row, so that no candidate can leave its work undone, and checks how many there were. */
export class Tally {
  rows = 0;
  visits = 0;

  readonly visit = ({ visits }: { readonly visits: number }): void => {
    this.rows += 1;
    this.visits += visits;
  };

  /** @throws When a candidate gave other rows than it was asked for. */
  expect(rows: number): number {
    if (this.rows !== rows) throw new Error(`Expected ${rows} rows, got ${this.rows}.`);
    return rows;
  }
}
