/** People of one city after another, in the order in which they joined: what an index answers. */
import type { Person } from "../people/person.js";

/** People under an index by city, in one candidate's store. */
export interface Residents {
  load(people: readonly Person[]): Promise<void>;
  withRecords(city: string, visit: (person: Person) => void): Promise<void>;
  /** How many there are, by the index alone. */
  count(city: string): Promise<number>;
  close(): Promise<void>;
}

/** An index by hand: rows whose key is city, time and id, and whose value is empty. */
export function entryKey({ city, joinedAt, id }: Person): Buffer {
  const numbers = Buffer.allocUnsafe(16);
  numbers.writeBigUInt64BE(BigInt(joinedAt));
  numbers.writeBigUInt64BE(BigInt(id), 8);
  return Buffer.concat([Buffer.from(`${city}\0`), numbers]);
}

/** The id at the end of an entry's key. */
export const idOf = (entry: Buffer): number => Number(entry.readBigUInt64BE(entry.length - 8));

/** The entries of a city lie between these. */
export const entriesOf = (city: string): { readonly start: Buffer; readonly end: Buffer } => ({
  start: Buffer.from(`${city}\0`),
  end: Buffer.from(`${city}\u0001`),
});
