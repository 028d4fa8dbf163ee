/** A peer on a cluster: the `foundationdb` package with plain MessagePack, by `getRangeAll` or batch by batch. */
import type * as fdb from "foundationdb";
import { Packr, Unpackr } from "msgpackr";
import type { Person } from "../people/person.js";
import { ownVersion } from "./installed.js";
import { personKey } from "./lmdb-loop.js";
import { entriesOf, entryKey, idOf, type Residents } from "./residents.js";
import { type ByHand, chunks, concurrently, type PeopleStore, type StoreKind } from "./store.js";

const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false });
const batchRecords = 1_000;
/** What Tenantry selects unless told otherwise. */
const apiVersion = 720;
const unpack = (value: Uint8Array): Person => unpackr.unpack(value);

/** What the keys of a store begin with, and a key behind all of them. */
function rangeOf(folder: string): { readonly prefix: Buffer; readonly last: Buffer } {
  const prefix = Buffer.from(`tenantry-bench\0${folder}\0`);
  return { prefix, last: Buffer.concat([prefix, Buffer.of(0xff)]) };
}

async function openDatabase(clusterFile: string): Promise<fdb.Database> {
  const { default: client } = await import("foundationdb");
  // One API version per process: the one that Tenantry selects.
  client.setAPIVersion(apiVersion);
  return client.open(clusterFile);
}

async function clearRaw(clusterFile: string, folder: string): Promise<void> {
  const db = await openDatabase(clusterFile);
  const { prefix, last } = rangeOf(folder);
  await db.clearRange(prefix, last);
  db.close();
}

async function openRaw(
  clusterFile: string,
  folder: string,
  scan: (db: fdb.Database, begin: Buffer, end: Buffer, visit: (person: Person) => void) => Promise<void>,
): Promise<PeopleStore> {
  const db = await openDatabase(clusterFile);
  const { prefix, last } = rangeOf(folder);
  const keyOf = (id: number): Buffer => Buffer.concat([prefix, personKey(id)]);
  const read = async (tn: fdb.Transaction | fdb.Database, id: number): Promise<Person> => {
    const value = await tn.get(keyOf(id));
    if (value === undefined) throw new Error("A person is missing.");
    return unpack(value);
  };
  const put = (person: Person): Promise<void> => db.set(keyOf(person.id), packr.pack(person));
  return {
    async load(people) {
      for (const chunk of chunks(people, batchRecords)) {
        await db.doTn(async (tn) => {
          for (const person of chunk) tn.set(keyOf(person.id), packr.pack(person));
        });
      }
    },
    scan: (visit) => scan(db, keyOf(0), last, visit),
    async pages(starts, size, visit) {
      for (const from of starts) {
        for (const [, value] of await db.getRangeAll(keyOf(from), last, { limit: size })) visit(unpack(value));
      }
    },
    async get(ids, visit) {
      for (const id of ids) visit(await read(db, id));
    },
    async getTogether(ids, visit) {
      const people = await db.doTn((tn) => Promise.all(ids.map((id) => read(tn, id))));
      people.forEach(visit);
    },
    async visit(ids, concurrency) {
      await concurrently(ids, concurrency, (id) =>
        db.doTn(async (tn) => {
          const person = await read(tn, id);
          tn.set(keyOf(id), packr.pack({ ...person, visits: person.visits + 1 }));
        }),
      );
    },
    async create(people, concurrency) {
      await concurrently(people, concurrency, put);
    },
    async put(people, concurrency) {
      await concurrently(people, concurrency, put);
    },
    async close() {
      db.close();
    },
  };
}

/** Entries of the index lie behind the people. */
async function openResidents(clusterFile: string, folder: string): Promise<Residents> {
  const db = await openDatabase(clusterFile);
  const { prefix } = rangeOf(folder);
  const keyOf = (id: number): Buffer => Buffer.concat([prefix, personKey(id)]);
  const entry = (key: Buffer): Buffer => Buffer.concat([prefix, Buffer.of(0xfe), key]);
  const entries = (tn: fdb.Transaction | fdb.Database, city: string): Promise<[Buffer, Buffer][]> => {
    const { start, end } = entriesOf(city);
    return tn.getRangeAll(entry(start), entry(end));
  };
  return {
    async load(people) {
      for (const chunk of chunks(people, batchRecords)) {
        await db.doTn(async (tn) => {
          for (const person of chunk) {
            tn.set(keyOf(person.id), packr.pack(person));
            tn.set(entry(entryKey(person)), "");
          }
        });
      }
    },
    async withRecords(city, visit) {
      await db.doTn(async (tn) => {
        const found = (await entries(tn, city)).map(([key]) => tn.get(keyOf(idOf(key))));
        for (const value of await Promise.all(found)) if (value !== undefined) visit(unpack(value));
      });
    },
    count: async (city) => (await entries(db, city)).length,
    close: async () => db.close(),
  };
}

const version = (): string | undefined => ownVersion("foundationdb");

/** All rows in one array, then unpacked: what most programs do. */
export const foundationdbAll = (clusterFile: string): ByHand => ({
  name: "foundationdb",
  transactional: true,
  version,
  clear: (folder) => clearRaw(clusterFile, folder),
  open: (folder) =>
    openRaw(clusterFile, folder, async (db, begin, end, visit) => {
      for (const [, value] of await db.getRangeAll(begin, end)) visit(unpack(value));
    }),
  openResidents: (folder) => openResidents(clusterFile, folder),
});

/** Batch by batch, unpacked as they come. */
export const foundationdbBatches = (clusterFile: string): StoreKind => ({
  name: "foundationdb-batches",
  transactional: true,
  version,
  clear: (folder) => clearRaw(clusterFile, folder),
  open: (folder) =>
    openRaw(clusterFile, folder, (db, begin, end, visit) =>
      db.doTn(async (tn) => {
        for await (const batch of tn.getRangeBatch(begin, end)) for (const [, value] of batch) visit(unpack(value));
      }),
    ),
});
