/** A peer: `@deno/kv`, Deno's key-value store on SQLite, as its npm package runs it in Node. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Person } from "../people/person.js";
import { removeFolder } from "./folder.js";
import { importPeer, peerVersion } from "./installed.js";
import { chunks, concurrently, type StoreKind } from "./store.js";

type Key = readonly (string | number)[];

interface Entry {
  readonly key: Key;
  readonly value: Person | null;
  readonly versionstamp: string | null;
}

interface Atomic {
  check(entry: { key: Key; versionstamp: string | null }): Atomic;
  set(key: Key, value: Person): Atomic;
  commit(): Promise<{ ok: boolean }>;
}

interface Kv {
  get(key: Key): Promise<Entry>;
  getMany(keys: readonly Key[]): Promise<Entry[]>;
  set(key: Key, value: Person): Promise<unknown>;
  list(selector: { prefix: Key; start?: Key }, options: { limit?: number; batchSize: number }): AsyncIterable<Entry>;
  atomic(): Atomic;
  close(): void;
}

const packageName = "@deno/kv";
/** The most it lists, loads and gets at once. */
const batchListed = 500;
const batchLoaded = 500;
const batchRead = 10;

const prefix = ["9f2c1b7a-4d3e-4f5a-8b6c-7d8e9fa0b1c2", "person"] as const;
const keyOf = (id: number): Key => [...prefix, id];

const known = ({ value }: Entry): Person => {
  if (value === null) throw new Error("A person is missing.");
  return value;
};

export const denoKv: StoreKind = {
  name: "deno-kv",
  transactional: true,
  version: () => peerVersion(packageName),
  clear: removeFolder,
  async open(folder) {
    const { openKv } = await importPeer<{ openKv(path: string): Promise<Kv> }>(packageName);
    mkdirSync(folder, { recursive: true });
    const kv = await openKv(join(folder, "people.sqlite"));
    return {
      async load(people) {
        for (const chunk of chunks(people, batchLoaded)) {
          const atomic = kv.atomic();
          for (const person of chunk) atomic.set(keyOf(person.id), person);
          await atomic.commit();
        }
      },
      async scan(visit) {
        for await (const entry of kv.list({ prefix }, { batchSize: batchListed })) visit(known(entry));
      },
      async pages(starts, size, visit) {
        for (const from of starts) {
          const page = kv.list({ prefix, start: keyOf(from) }, { limit: size, batchSize: size });
          for await (const entry of page) visit(known(entry));
        }
      },
      async get(ids, visit) {
        for (const id of ids) visit(known(await kv.get(keyOf(id))));
      },
      async getTogether(ids, visit) {
        const read = await Promise.all(chunks(ids, batchRead).map((some) => kv.getMany(some.map(keyOf))));
        for (const entry of read.flat()) visit(known(entry));
      },
      async visit(ids, concurrency) {
        await concurrently(ids, concurrency, async (id) => {
          for (;;) {
            const entry = await kv.get(keyOf(id));
            const person = known(entry);
            const atomic = kv.atomic().check(entry);
            const { ok } = await atomic.set(entry.key, { ...person, visits: person.visits + 1 }).commit();
            if (ok) return;
          }
        });
      },
      async create(people, concurrency) {
        await concurrently(people, concurrency, async (person) => {
          const key = keyOf(person.id);
          const { ok } = await kv.atomic().check({ key, versionstamp: null }).set(key, person).commit();
          if (!ok) throw new Error("The person exists.");
        });
      },
      async put(people, concurrency) {
        await concurrently(people, concurrency, (person) => kv.set(keyOf(person.id), person));
      },
      async close() {
        kv.close();
      },
    };
  },
};
