/** A peer: `classic-level` (LevelDB) with JSON values. It has no transactions that read: its writes check nothing. */
import type { Person } from "../people/person.js";
import { removeFolder } from "./folder.js";
import { importPeer, peerVersion } from "./installed.js";
import { personKey } from "./lmdb-loop.js";
import { chunks, concurrently, type StoreKind } from "./store.js";

interface LevelIterator {
  nextv(size: number): Promise<[Buffer, Person][]>;
  all(): Promise<[Buffer, Person][]>;
  close(): Promise<void>;
}

interface Level {
  open(): Promise<void>;
  close(): Promise<void>;
  getSync(key: Buffer): Person | undefined;
  getMany(keys: Buffer[]): Promise<(Person | undefined)[]>;
  put(key: Buffer, value: Person, options: { sync: boolean }): Promise<void>;
  batch(operations: { type: "put"; key: Buffer; value: Person }[], options: { sync: boolean }): Promise<void>;
  iterator(range: { gte: Buffer; limit?: number; highWaterMarkBytes: number }): LevelIterator;
}

interface Package {
  ClassicLevel: new (folder: string, options: { keyEncoding: string; valueEncoding: string }) => Level;
}

const packageName = "classic-level";
const batchRecords = 1_000;
/** What it reads ahead at most; by default so little that a batch of rows does not fit. */
const highWaterMarkBytes = 1_048_576;

export const classicLevel: StoreKind = {
  name: "classic-level",
  transactional: false,
  version: () => peerVersion(packageName),
  clear: removeFolder,
  async open(folder) {
    const { ClassicLevel } = await importPeer<Package>(packageName);
    const db = new ClassicLevel(folder, { keyEncoding: "buffer", valueEncoding: "json" });
    await db.open();
    const known = (person: Person | undefined): Person => {
      if (person === undefined) throw new Error("A person is missing.");
      return person;
    };
    const put = (person: Person): Promise<void> => db.put(personKey(person.id), person, { sync: true });
    return {
      async load(people) {
        for (const chunk of chunks(people, batchRecords)) {
          const operations = chunk.map((value) => ({ type: "put" as const, key: personKey(value.id), value }));
          await db.batch(operations, { sync: true });
        }
      },
      async scan(visit) {
        const iterator = db.iterator({ gte: personKey(0), highWaterMarkBytes });
        for (;;) {
          const rows = await iterator.nextv(batchRecords);
          if (rows.length === 0) break;
          for (const [, person] of rows) visit(person);
        }
        await iterator.close();
      },
      async pages(starts, size, visit) {
        for (const from of starts) {
          const iterator = db.iterator({ gte: personKey(from), limit: size, highWaterMarkBytes });
          for (const [, person] of await iterator.all()) visit(person);
        }
      },
      async get(ids, visit) {
        for (const id of ids) visit(known(db.getSync(personKey(id))));
      },
      async getTogether(ids, visit) {
        for (const person of await db.getMany(ids.map(personKey))) visit(known(person));
      },
      async visit(ids, concurrency) {
        await concurrently(ids, concurrency, (id) => {
          const person = known(db.getSync(personKey(id)));
          return put({ ...person, visits: person.visits + 1 });
        });
      },
      async create(people, concurrency) {
        await concurrently(people, concurrency, put);
      },
      async put(people, concurrency) {
        await concurrently(people, concurrency, put);
      },
      close: () => db.close(),
    };
  },
};
