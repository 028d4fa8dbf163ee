/** What do durable writes cost, alone and with 64 transactions at once? The disk's own flushes are measured beside. */
import { Disk } from "../disk.js";
import { person } from "../people/people.js";
import { differentNumbers } from "../people/random.js";
import type { Bench, Question } from "../runner/bench.js";
import { perSecond } from "../runner/stopwatch.js";
import type { PeopleStore } from "../stores/store.js";

interface Write {
  readonly name: string;
  readonly title: string;
  /** Whether the ids have to be new ones. */
  readonly isNew: boolean;
  write(store: PeopleStore, ids: readonly number[], concurrency: number, round: number): Promise<void> | undefined;
}

const kinds: readonly Write[] = [
  {
    name: "create",
    title: "create",
    isNew: true,
    write: (store, ids, concurrency) => store.create?.(ids.map(person), concurrency),
  },
  {
    name: "put",
    title: "put",
    isNew: false,
    // Changed each time: SQLite spares itself the writing of a row that stays as it was.
    write: (store, ids, concurrency, round) =>
      store.put?.(
        ids.map((id) => ({ ...person(id), visits: round })),
        concurrency,
      ),
  },
  {
    name: "update",
    title: "read-modify-write",
    isNew: false,
    write: (store, ids, concurrency) => store.visit?.(ids, concurrency),
  },
];

/** New ids begin here: behind those of all loaded people. */
const newIdFirst = 10_000_000;

async function ask(bench: Bench, name: string, { write, isNew }: Write, concurrency: number): Promise<void> {
  const { people, writes, rounds } = bench.scale;
  // Alone, every write waits for the disk.
  const count = concurrency === 1 ? Math.ceil(writes / 16) : writes;
  const first = newIdFirst + (concurrency === 1 ? 0 : (rounds + 1) * writes);
  const disk = await Disk.open(bench.shelf.spare("flushes"));
  // What could be done if each flush carried as many writes as there are at once.
  const flushes = {
    name: "disk-flush",
    measure: () => perSecond(async () => (await disk.flush(Math.ceil(count / concurrency))) * concurrency),
  };
  try {
    await bench.compareStores(
      name,
      "ops/s",
      people,
      async (store, round) => {
        const ids = isNew
          ? Array.from({ length: count }, (_, i) => first + round * count + i)
          : differentNumbers(count, people, round);
        await write(store, ids, concurrency, round);
        return count;
      },
      { purpose: "write", more: [flushes] },
    );
  } finally {
    await disk.close();
  }
}

export const writes: readonly Question[] = kinds.flatMap((kind) => [
  {
    name: kind.name,
    title: `Durable ${kind.title}, one after another`,
    ask: (bench: Bench) => ask(bench, kind.name, kind, 1),
  },
  {
    name: `${kind.name}-64`,
    title: `Durable ${kind.title}, 64 transactions at once`,
    ask: (bench: Bench) => ask(bench, `${kind.name}-64`, kind, 64),
  },
]);
