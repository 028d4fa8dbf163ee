/** The shelf: stores of so many people each, loaded once in a run and shared by its questions; all gone at its end. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { batches, shuffledIds } from "../people/people.js";
import { removeFolder } from "./folder.js";
import type { Place, Places } from "./places.js";
import type { PeopleStore, StoreKind } from "./store.js";

/** Stores that are written to are others than those whose rows are counted. */
export type Purpose = "read" | "write";

export interface LoadedStore {
  readonly kind: StoreKind;
  readonly people: number;
  readonly store: PeopleStore;
}

export interface ShelfOptions {
  readonly folder: string;
  readonly places: Places;
  /** Told before a store is loaded, which takes a while. */
  readonly onLoad: (name: string, people: number) => void;
}

/** People made at once, so that a million of them need not be in memory. */
const batchMade = 20_000;

export class Shelf {
  readonly #folder: string;
  readonly #places: Places;
  readonly #onLoad: ShelfOptions["onLoad"];
  /** Whatever may hold something, and what removes it. */
  readonly #used = new Map<string, { clear(folder: string): Promise<void> }>();
  readonly #loaded = new Set<string>();
  readonly #open = new Map<string, LoadedStore>();

  constructor({ folder, places, onLoad }: ShelfOptions) {
    this.#folder = folder;
    this.#places = places;
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
      await this.#empty(folder, kind);
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

  /** The name of an empty store of some kind, whose content is gone with the shelf. */
  async spareStore(kind: StoreKind, name: string): Promise<string> {
    return this.#empty(join(this.#folder, name), kind);
  }

  /** An empty place of its own for a database that a question opens, gone with the shelf. */
  async sparePlace(name: string, durability?: Parameters<Places["at"]>[1]): Promise<Place> {
    return this.#places.at(await this.#empty(join(this.#folder, name), this.#places), durability);
  }

  /** Clears everything it was used for; what questions opened themselves is closed by then. */
  async close(): Promise<void> {
    for (const { store } of this.#open.values()) await store.close();
    this.#open.clear();
    for (const [folder, owner] of this.#used) await owner.clear(folder);
    await removeFolder(this.#folder);
  }

  async #empty(folder: string, owner: { clear(folder: string): Promise<void> }): Promise<string> {
    this.#used.set(folder, owner);
    await owner.clear(folder);
    mkdirSync(this.#folder, { recursive: true });
    return folder;
  }
}
