/**
 * What do the guard, the hooks, the log and validation cost? Each is measured against a database without it, by the
 * processor's time: the work waits for nothing, and small differences are to be seen.
 */
import { AuditHook, AuditKeys } from "../../lib/audit/index.js";
import { subspaces } from "../../lib/keyspace/index.js";
import { systemClock, systemRandom } from "../../lib/observe/index.js";
import { type CompositionOptions, compose } from "../composition.js";
import { person, shuffledIds } from "../people/people.js";
import { parsePerson } from "../people/person.js";
import { differentNumbers, wholeNumbers } from "../people/random.js";
import { type Bench, type Question, subject, Tally } from "../runner/bench.js";
import { pairedRatios } from "../runner/comparison.js";
import { interval } from "../runner/interval.js";
import { perProcessorSecond } from "../runner/stopwatch.js";
import { openedAt } from "../stores/places.js";
import type { PeopleStore } from "../stores/store.js";
import { tenantryStore } from "../stores/tenantry.js";

type Work = (store: PeopleStore, round: number) => Promise<number>;

/** The work whose cost is compared. */
function works({
  scale: { people, reads, writes },
}: Bench): Readonly<Record<"scan" | "get" | "page" | "update", Work>> {
  return {
    async scan(store) {
      const tally = new Tally();
      await store.scan?.(tally.visit);
      return tally.expect(people);
    },
    async get(store, round) {
      const tally = new Tally();
      await store.get?.(wholeNumbers(reads, people, round), tally.visit);
      return tally.expect(reads);
    },
    async page(store, round) {
      const starts = wholeNumbers(Math.ceil(reads / 100), people - 100, round);
      const tally = new Tally();
      await store.pagesBare?.(starts, 100, tally.visit);
      return tally.expect(starts.length * 100);
    },
    async update(store, round) {
      const ids = differentNumbers(writes, people, round);
      await store.visit?.(ids, 64);
      return ids.length;
    },
  };
}

/** A database over the engine of the usual one. */
interface Other {
  readonly name: string;
  readonly store: PeopleStore;
}

/** Databases over one engine and one tenant: the usual one, and those composed otherwise. */
async function onOneEngine(
  bench: Bench,
  compositions: Readonly<Record<string, CompositionOptions>>,
  fn: (usual: PeopleStore, others: readonly Other[]) => Promise<void>,
): Promise<void> {
  const { people } = bench.scale;
  // No flushes: they would hide in their noise what is to be seen.
  const place = await bench.shelf.sparePlace("composed", "relaxed");
  const { root } = place;
  const { engine, close } = await openedAt(place);
  try {
    const db = compose(engine, { root });
    const { id } = await db.tenants.provision({ name: "Benchmark" });
    const usual = tenantryStore(db.tenant(id), () => db.close());
    await usual.load(shuffledIds(people).map(person));
    const others = Object.entries(compositions).map(([name, options]) => {
      const other = compose(engine, { ...options, root });
      return { name, store: tenantryStore(other.tenant(id), () => other.close()) };
    });
    await fn(usual, others);
    for (const { store } of [{ store: usual }, ...others]) await store.close();
  } finally {
    await close();
  }
}

export const guard: Question = {
  name: "guard",
  title: "The guard, against a database composed without one",
  async ask(bench) {
    await onOneEngine(bench, { "without-guard": { guarded: false } }, async (guarded, others) => {
      for (const [name, work] of Object.entries(works(bench))) {
        const outcome = await bench.compare({
          name: `guard-${name}`,
          unit: "ops/s",
          rounds: bench.scale.roundsPaired,
          candidates: [
            { name: subject, measure: (round) => perProcessorSecond(() => work(guarded, round)) },
            ...others.map(({ name: other, store }) => ({
              name: other,
              measure: (round: number) => perProcessorSecond(() => work(store, round)),
            })),
          ],
        });
        const { low, middle, high } = interval(pairedRatios(outcome, "without-guard", subject));
        bench.book(`guard-${name}/lower`, low);
        bench.book(`guard-${name}/mean`, middle);
        bench.book(`guard-${name}/upper`, high);
      }
    });
  },
};

const hook = { name: "bench", subspace: subspaces.feed } as const;

const hooks: Readonly<Record<string, CompositionOptions>> = {
  "with-change-hook": { hooks: [{ ...hook, change: () => {} }] },
  "with-commit-hook": { hooks: [{ ...hook, beforeCommit: () => {} }] },
  "with-writing-hook": {
    hooks: [
      {
        ...hook,
        beforeCommit: ({ transaction }) => transaction.atomic("add", Uint8Array.of(1), Uint8Array.of(1, 0, 0, 0)),
      },
    ],
  },
  "with-audit": { hooks: [new AuditHook(new AuditKeys(systemRandom), systemClock, undefined)] },
  "with-logger": { logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} } },
};

export const hookCost: Question = {
  name: "hooks",
  title: "A hook, a hook that writes, the audit trail, and a logger, in 64 updates at once",
  async ask(bench) {
    const { update } = works(bench);
    await onOneEngine(bench, hooks, async (plain, others) => {
      await bench.compare({
        name: "hooks",
        unit: "ops/s",
        candidates: [
          { name: subject, measure: (round) => perProcessorSecond(() => update(plain, round)) },
          ...others.map(({ name, store }) => ({
            name,
            measure: (round: number) => perProcessorSecond(() => update(store, round)),
          })),
        ],
      });
    });
  },
};

export const validation: Question = {
  name: "validation",
  title: "Validating a record, against storing it without a flush",
  async ask(bench) {
    await onOneEngine(bench, {}, async (store) => {
      const { people, writes } = bench.scale;
      const persons = (round: number) => differentNumbers(writes, people, round).map(person);
      await bench.compare({
        name: "validation",
        unit: "ops/s",
        candidates: [
          {
            name: subject,
            measure: (round) => {
              const some = persons(round);
              return perProcessorSecond(async () => {
                await store.put?.(some, 64);
                return some.length;
              });
            },
          },
          {
            name: "parse-alone",
            measure: (round) => {
              const some = persons(round);
              return perProcessorSecond(async () => {
                for (const each of some) parsePerson(each);
                return some.length;
              });
            },
          },
        ],
      });
    });
  },
};
