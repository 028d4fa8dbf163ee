/** Tenantry's own store among the candidates. */
import { type Bench, subject } from "../runner/bench.js";
import type { PeopleStore, StoreKind } from "../stores/store.js";

export function tenantryKind({ candidates }: Bench): StoreKind {
  const kind = candidates.present.find(({ name }) => name === subject);
  if (kind === undefined) throw new Error("Tenantry is not among the candidates.");
  return kind;
}

/** Its store of so many people. */
export const tenantryOf = async (bench: Bench, people: number): Promise<PeopleStore> =>
  (await bench.shelf.take(tenantryKind(bench), people)).store;
