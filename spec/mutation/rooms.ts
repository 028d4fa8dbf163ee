/** What is mutated, room by room, and the specs that have to notice. */

/** One room: its sources, as globs, and the folders or files of the specs that hold it. */
export interface MutatedRoom {
  readonly mutate: readonly string[];
  readonly specs: readonly string[];
  /** Runs of each property, where the specs' own number takes too long for a thousand mutants. */
  readonly runs?: number;
}

const transaction = { specs: ["spec/transaction/**/*.spec.ts"], runs: 20 } as const;

/** The rooms on which isolation rests. */
export const rooms: Readonly<Record<string, MutatedRoom>> = {
  guard: { mutate: ["lib/guard/*.ts"], specs: ["spec/guard/**/*.spec.ts"] },
  keyspace: { mutate: ["lib/keyspace/*.ts"], specs: ["spec/keyspace/**/*.spec.ts", "spec/guard/tenant-guard.spec.ts"] },
  cursor: { mutate: ["lib/repository/cursor.ts"], specs: ["spec/repository/cursor*.spec.ts"] },
  tuple: { mutate: ["lib/tuple/*.ts"], specs: ["spec/tuple/**/*.spec.ts"] },
  transaction: {
    mutate: ["lib/transaction/*.ts", "lib/transaction/{plan,policy,read}/*.ts"],
    specs: [...transaction.specs, "spec/repository/read-alone.spec.ts"],
    runs: transaction.runs,
  },
  "transaction-view": { mutate: ["lib/transaction/view/*.ts"], ...transaction },
  // What its own specs hold, without the whole of a transaction around it.
  "transaction-run": {
    mutate: ["lib/transaction/run/*.ts", "!lib/transaction/run/transaction-run.ts"],
    specs: ["spec/transaction/run/**/*.spec.ts"],
  },
  "transaction-attempts": { mutate: ["lib/transaction/run/transaction-run.ts"], ...transaction },
};
