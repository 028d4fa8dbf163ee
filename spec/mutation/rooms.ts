/** What is mutated, room by room, and the specs that have to notice. */

/** One room: its sources, as globs, and the folders or files of the specs that hold it. */
export interface MutatedRoom {
  readonly mutate: readonly string[];
  readonly specs: readonly string[];
}

/** The rooms on which isolation rests. */
export const rooms: Readonly<Record<string, MutatedRoom>> = {
  guard: { mutate: ["lib/guard/*.ts"], specs: ["spec/guard/**/*.spec.ts"] },
  keyspace: { mutate: ["lib/keyspace/*.ts"], specs: ["spec/keyspace/**/*.spec.ts", "spec/guard/tenant-guard.spec.ts"] },
  cursor: { mutate: ["lib/repository/cursor.ts"], specs: ["spec/repository/cursor*.spec.ts"] },
  tuple: { mutate: ["lib/tuple/*.ts"], specs: ["spec/tuple/**/*.spec.ts"] },
  transaction: { mutate: ["lib/transaction/**/*.ts"], specs: ["spec/transaction/**/*.spec.ts"] },
};
