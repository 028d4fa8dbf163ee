/** The shelf: stores of so many people each, loaded once in a run and shared by its questions. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { batches, shuffledIds } from "../people/people.js";
import type { PeopleStore, StoreKind } from "./store.js";

/** Stores that are written to are others than those whose rows are counted. */
export type Purpose = "read" | "write";

export interface LoadedStore {
  readonly kind: StoreKind;
  readonly people: number;
  readonly store: PeopleStore;
}

/** People made at once, so that a million of them need not be in memory. */
const batchMade = 20_000;

export class Shelf {
  readonly #folder: string;
  readonly #onLoad: (name: string, people: number) => void;
  readonly #loaded = new Set<string>();
  readonly #open = new Map<string, LoadedStore>();

  /** @param onLoad Told before a store is loaded, which takes a while. */
  constructor(folder: string, onLoad: (name: string, people: number) => void) {
    this.#folder = folder;
    this.#onLoad = onLoad;
  }

  folder(kind: StoreKind, people: number, purpose: Purpose = "read"): string {
    return join(this.#folder, `${kind.name}-${people}-${purpose}`);
  }

  /** The store of `people` people, loaded in shuffled order when it is new. */
  async take(kind: StoreKind, people: number, purpose: Purpose = "read"): Promise<LoadedStore> {
    const folder = this.folder(kind, people, purpose);
    const open = this.#open.get(folder);
    if (open !== undefined) return open;
    const isNew = !this.#loaded.has(folder);
    if (isNew) {
      this.#onLoad(kind.name, people);
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(this.#folder, { recursive: true });
    }
    const store = await kind.open(folder);
    const taken = { kind, people, store };
    this.#open.set(folder, taken);
    if (isNew) {
      for (const some of batches(shuffledIds(people), batchMade)) await store.load(some);
      this.#loaded.add(folder);
    }
    return taken;
  }

  /** Closes a store, so that its file can be used otherwise; the next `take` opens it again. */
  async putBack(kind: StoreKind, people: number, purpose: Purpose = "read"): Promise<void> {
    const folder = this.folder(kind, people, purpose);
    const open = this.#open.get(folder);
    this.#open.delete(folder);
    await open?.store.close();
  }

  /** An empty folder of its own for whatever a question needs, gone with the shelf. */
  spare(name: string): string {
    const folder = join(this.#folder, name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(this.#folder, { recursive: true });
    return folder;
  }

  async close(): Promise<void> {
    for (const { store } of this.#open.values()) await store.close();
    this.#open.clear();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
