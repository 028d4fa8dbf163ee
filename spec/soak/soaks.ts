/** The soaks: the long runs there are, each by its name. */

/** A long run of some specs. */
export interface Soak {
  /** What has held when it ends well, in a sentence. */
  readonly shows: string;
  readonly specs: readonly string[];
  /** The tests of these specs whose full name matches; all of them, when undefined. */
  readonly tests?: RegExp;
  /** The runs that are made unless more are asked for, and that a recorded soak has at least. */
  readonly runs: number;
  /** Whether docs/soak.json has to hold a green run of it. Once true it stays so. */
  readonly demanded: boolean;
}

/** Some ten minutes each, at most, on two cores. */
export const soaks: Readonly<Record<string, Soak>> = {
  laws: {
    shows: "The isolation laws hold over a shop's entities.",
    specs: ["spec/isolation/laws.spec.ts"],
    runs: 2_000,
    demanded: false,
  },
  "laws-on-engines": {
    shows: "The isolation laws hold on memory(), on embedded() and on the adapter of FoundationDB.",
    specs: ["spec/isolation/laws-on-engines.spec.ts"],
    runs: 300,
    demanded: false,
  },
  "laws-of-any-entity": {
    shows: "The isolation laws hold over entities drawn at random, under quotas, and over records of several keys.",
    specs: ["spec/isolation/laws-of-any-entity.spec.ts"],
    tests: /^(over|under)/,
    runs: 500,
    demanded: false,
  },
  attacker: {
    shows: "Whoever holds one tenant's handle gets no further by lying values, options and callbacks.",
    specs: ["spec/isolation/attacker.spec.ts"],
    runs: 10_000,
    demanded: true,
  },
  guard: {
    shows: "No key, range, selector or conflict range that a tenant's transaction is given leaves the tenant.",
    specs: ["spec/guard", "spec/keyspace", "spec/isolation/tenant-transaction.spec.ts"],
    runs: 10_000,
    demanded: true,
  },
  tuples: {
    shows: "Tuples are read back as they were written, sort as what they hold, and are those of FoundationDB.",
    specs: ["spec/tuple"],
    runs: 50_000,
    demanded: true,
  },
  values: {
    shows: "What a record holds is read back as it was written, and what cannot be is refused.",
    specs: ["spec/value", "spec/schema/round-trip.spec.ts", "spec/schema/key.spec.ts"],
    runs: 10_000,
    demanded: true,
  },
  cursors: {
    shows: "A cursor opens as it was sealed, and in no other way.",
    specs: ["spec/repository/cursor.spec.ts", "spec/repository/cursor-format.spec.ts"],
    runs: 10_000,
    demanded: true,
  },
  "engine-model": {
    shows: "The embedded engine does what a model of FoundationDB does.",
    specs: ["spec/engine/embedded/transaction-model.spec.ts", "spec/engine/embedded/view.spec.ts"],
    runs: 10_000,
    demanded: false,
  },
  serialisability: {
    shows: "What concurrent transactions read and write can be explained by one order of them.",
    specs: ["spec/engine/embedded/transaction-serialisability.spec.ts", "spec/engine/embedded/resolver.spec.ts"],
    runs: 10_000,
    demanded: false,
  },
  "file-size": {
    shows: "A store's file stays within its bound under any pattern of updates, and older versions are read.",
    specs: ["spec/engine/embedded/file-size.spec.ts", "spec/engine/embedded/states.spec.ts"],
    runs: 30,
    demanded: false,
  },
  compaction: {
    shows: "A store compacted in use has what was committed, and its older versions are read.",
    specs: ["spec/engine/embedded/compaction.spec.ts"],
    runs: 1_000,
    demanded: true,
  },
  kills: {
    shows: "Nothing acknowledged is lost, and nothing is torn, when processes are killed.",
    specs: ["spec/engine/embedded/durability.spec.ts"],
    tests: /kill/,
    runs: 200,
    demanded: true,
  },
  "repository-model": {
    shows: "Repositories, their indexes and aggregates do what a model does, with faults and without.",
    specs: ["spec/repository/model.spec.ts", "spec/repository/kinds.spec.ts", "spec/repository/aggregates.spec.ts"],
    runs: 1_000,
    demanded: false,
  },
  damage: {
    shows: "Damaged rows are found, passed over, replaced and removed, and are no other record's trouble.",
    specs: [
      "spec/repository/damaged.spec.ts",
      "spec/repository/verify-damaged.spec.ts",
      "spec/repository/passed-over.spec.ts",
      "spec/value/neighbours.spec.ts",
    ],
    runs: 1_000,
    demanded: true,
  },
  "repository-crashes": {
    shows: "Records, indexes and aggregates agree after crashes at any point, and after processes were killed.",
    specs: ["spec/repository/crash"],
    runs: 100,
    demanded: false,
  },
  "exactly-once": {
    shows: "Long work changes each record once, through faults and killed processes.",
    specs: ["spec/repository/long/exactly-once.spec.ts"],
    runs: 50,
    demanded: false,
  },
  million: {
    shows: "Long work goes through a million records, for longer than a transaction lives.",
    specs: ["spec/repository/long/million.spec.ts"],
    runs: 1,
    demanded: false,
  },
  quotas: {
    shows: "Limits hold exactly and counters equal a recount, with writers at once and killed processes.",
    specs: ["spec/quota/exact.spec.ts", "spec/quota/kill.spec.ts"],
    runs: 5_000,
    demanded: true,
  },
  fairness: {
    shows: "No tenant waits longer for its turns than its share makes it.",
    specs: ["spec/fairness/fair-queue.spec.ts"],
    runs: 10_000,
    demanded: true,
  },
  trails: {
    shows: "Whatever is done to an audit trail from outside is found.",
    specs: ["spec/trail/tampering.spec.ts"],
    runs: 200,
    demanded: true,
  },
  provisioning: {
    shows: "A tenant is made once, whenever the process that makes it is killed.",
    specs: ["spec/lifecycle/provisioning-killed.spec.ts", "spec/lifecycle/provisioning.spec.ts"],
    runs: 50,
    demanded: true,
  },
};
