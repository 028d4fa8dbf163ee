/** What do the guard, the hooks, the log and validation cost? Each is measured against a database without it. */
import { type Engine, embedded, openEngine } from "tenantry/engine";
import { subspaces } from "../../lib/keyspace/index.js";
import { type CompositionOptions, compose } from "../composition.js";
import { person, shuffledIds } from "../people/people.js";
import { parsePerson } from "../people/person.js";
import { differentNumbers, wholeNumbers } from "../people/random.js";
import { type Bench, type Question, subject, Tally } from "../runner/bench.js";
import { pairedRatios } from "../runner/comparison.js";
import { interval } from "../runner/interval.js";
import { perSecond } from "../runner/stopwatch.js";
import type { PeopleStore } from "../stores/store.js";
import { tenantOf, tenantryStore } from "../stores/tenantry.js";

type Work = (store: PeopleStore, round: number) => Promise<number>;

/** The work whose cost is compared. */
function works({ scale: { people, reads, writes } }: Bench): Readonly<Record<string, Work>> {
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

/** Two databases over one engine and one tenant, the usual one and another. */
async function onOneEngine(
  bench: Bench,
  other: CompositionOptions,
  fn: (usual: PeopleStore, other: PeopleStore) => Promise<void>,
  usual: CompositionOptions = {},
): Promise<void> {
  const { people } = bench.scale;
  // No flushes: they would hide in their noise what is to be seen.
  const path = bench.shelf.spare("composed");
  const engine: Engine = await openEngine(embedded({ path, durability: "relaxed" }));
  try {
    const db = compose(engine, usual);
    const tenant = await tenantOf(db);
    const store = tenantryStore(tenant, async () => {});
    await store.load(shuffledIds(people).map(person));
    const otherDb = compose(engine, other);
    await fn(
      store,
      tenantryStore(otherDb.tenant(tenant.id), async () => {}),
    );
    await db.close();
    await otherDb.close();
  } finally {
    await engine.close();
  }
}

export const guard: Question = {
  name: "guard",
  title: "The guard, against a database composed without one",
  engines: ["embedded"],
  async ask(bench) {
    await onOneEngine(bench, { guarded: false }, async (guarded, bare) => {
      for (const [name, work] of Object.entries(works(bench))) {
        const outcome = await bench.compare({
          name: `guard-${name}`,
          unit: "ops/s",
          rounds: bench.scale.roundsPaired,
          candidates: [
            { name: subject, measure: (round) => perSecond(() => work(guarded, round)) },
            { name: "without-guard", measure: (round) => perSecond(() => work(bare, round)) },
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
  "hook-change": { hooks: [{ ...hook, change: () => {} }] },
  "hook-before-commit": { hooks: [{ ...hook, beforeCommit: () => {} }] },
  "hook-that-writes": {
    hooks: [
      {
        ...hook,
        beforeCommit: ({ transaction }) => transaction.atomic("add", Uint8Array.of(1), Uint8Array.of(1, 0, 0, 0)),
      },
    ],
  },
  logger: { logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} } },
};

export const hookCost: Question = {
  name: "hooks",
  title: "A hook, a hook that writes, and a logger, in 64 updates at once",
  engines: ["embedded"],
  async ask(bench) {
    for (const [name, options] of Object.entries(hooks)) {
      await onOneEngine(bench, options, async (plain, other) => {
        const { update } = works(bench);
        if (update === undefined) return;
        await bench.compare({
          name: `cost-${name}`,
          unit: "ops/s",
          candidates: [
            { name: subject, measure: (round) => perSecond(() => update(plain, round)) },
            { name: `with-${name}`, measure: (round) => perSecond(() => update(other, round)) },
          ],
        });
      });
    }
  },
};

export const validation: Question = {
  name: "validation",
  title: "Validating a record, against storing it without a flush",
  engines: ["embedded"],
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
              return perSecond(async () => {
                await store.put?.(some, 64);
                return some.length;
              });
            },
          },
          {
            name: "parse-alone",
            measure: (round) => {
              const some = persons(round);
              return perSecond(async () => {
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
