/** What every candidate can do with people: the same work, written the way its users would write it. */
import type { Person } from "../people/person.js";
import type { Residents } from "./residents.js";

export type Visit = (person: Person) => void;

/**
 * People of one tenant in one candidate's store. Methods take the whole piece of work, so that a store that answers
 * at once can do it in one loop, without a promise per operation. All writes are durable when they return.
 */
export interface PeopleStore {
  /** Stores new people. */
  load(people: readonly Person[]): Promise<void>;
  /** All people in the order of their ids. */
  scan?(visit: Visit): Promise<void>;
  /** The same, a batch at a time, where that is another way. */
  scanBatches?(visit: Visit): Promise<void>;
  /** From each of `starts`, the next `size` people in the order of their ids. */
  pages?(starts: readonly number[], size: number, visit: Visit): Promise<void>;
  /** The same without a cursor to the next page, where pages have one. */
  pagesBare?(starts: readonly number[], size: number, visit: Visit): Promise<void>;
  /** So many pages of `size` people one after another, each by what the one before said of its end. */
  walk?(pages: number, size: number, visit: Visit): Promise<void>;
  /** One person after another. */
  get?(ids: readonly number[], visit: Visit): Promise<void>;
  /** All these people at once. */
  getTogether?(ids: readonly number[], visit: Visit): Promise<void>;
  /** Adds one visit to each person in a transaction of its own, so many at a time. */
  visit?(ids: readonly number[], concurrency: number): Promise<void>;
  /** Stores each person, who is not there yet, in a transaction of its own, so many at a time. */
  create?(people: readonly Person[], concurrency: number): Promise<void>;
  /** Stores each person, who may be there, in a transaction of its own, so many at a time. */
  put?(people: readonly Person[], concurrency: number): Promise<void>;
  close(): Promise<void>;
}

/** A kind of store, of which one is opened per folder, or by the folder's name where there are no folders. */
export interface StoreKind {
  readonly name: string;
  /** Whether what one transaction reads and writes is one step: if not, it can't count with others. */
  readonly transactional: boolean;
  /** The version measured; `undefined` when the candidate is not installed. */
  version(): string | undefined;
  open(folder: string): Promise<PeopleStore>;
  /** Removes what was stored under the folder's name, when nothing has it open. */
  clear(folder: string): Promise<void>;
}

/** The peer that is written by hand on what Tenantry's engine is written on; it can keep an index, too. */
export interface ByHand extends StoreKind {
  openResidents(folder: string): Promise<Residents>;
}

/** Runs `work` for every item, `concurrency` at a time. */
export async function concurrently<T>(
  items: readonly T[],
  concurrency: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
}

/** `items` in arrays of `size`. */
export const chunks = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
