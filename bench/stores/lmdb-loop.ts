/** A peer: what somebody who knows `lmdb` writes by hand, with binary keys, binary values and msgpackr. */
import { open, type RootDatabase } from "lmdb";
import { Packr, Unpackr } from "msgpackr";
import type { Person } from "../people/person.js";
import { removeFolder } from "./folder.js";
import { ownVersion } from "./installed.js";
import { entriesOf, entryKey, idOf } from "./residents.js";
import { type ByHand, chunks, concurrently } from "./store.js";

const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false });
const batchRecords = 1_000;

/** Tenant, entity and id, as one would lay them out: 16 bytes, a name, and the number with its most significant byte first. */
const prefix = Buffer.concat([Buffer.from("9f2c1b7a4d3e4f5a8b6c7d8e9fa0b1c2", "hex"), Buffer.from("person\0")]);

export function personKey(id: number): Buffer {
  const key = Buffer.allocUnsafe(prefix.length + 8);
  prefix.copy(key);
  key.writeUInt32BE(Math.floor(id / 4_294_967_296), prefix.length);
  key.writeUInt32BE(id >>> 0, prefix.length + 4);
  return key;
}

const end = Buffer.concat([prefix, Buffer.alloc(8, 0xff)]);
const unpack = (value: Uint8Array): Person => unpackr.unpack(value);

const openRaw = (folder: string): RootDatabase<Buffer, Buffer> =>
  open<Buffer, Buffer>({
    path: folder,
    noSubdir: false,
    keyEncoding: "binary",
    encoding: "binary",
    // As the embedded engine does: a write resolves when it is on the disk, not before.
    overlappingSync: false,
  });

export const lmdbLoop: ByHand = {
  name: "lmdb-loop",
  transactional: true,
  version: () => ownVersion("lmdb"),
  clear: removeFolder,
  async open(folder) {
    const db = openRaw(folder);
    const read = (id: number): Person => {
      const value = db.get(personKey(id));
      if (value === undefined) throw new Error("A person is missing.");
      return unpack(value);
    };
    const write = (person: Person): unknown => db.put(personKey(person.id), packr.pack(person));
    return {
      async load(people) {
        for (const chunk of chunks(people, batchRecords)) await db.transaction(() => chunk.forEach(write));
      },
      async scan(visit) {
        for (const { value } of db.getRange({ start: prefix, end })) visit(unpack(value));
      },
      async pages(starts, size, visit) {
        for (const from of starts) {
          for (const { value } of db.getRange({ start: personKey(from), end, limit: size })) visit(unpack(value));
        }
      },
      async walk(pages, size, visit) {
        let start = prefix;
        for (let page = 0; page < pages; page++) {
          for (const { key, value } of db.getRange({ start, end, limit: size })) {
            visit(unpack(value));
            start = Buffer.concat([key, Buffer.of(0)]);
          }
        }
      },
      async get(ids, visit) {
        for (const id of ids) visit(read(id));
      },
      async getTogether(ids, visit) {
        for (const id of ids) visit(read(id));
      },
      async visit(ids, concurrency) {
        await concurrently(ids, concurrency, (id) =>
          db.transaction(() => {
            const person = read(id);
            write({ ...person, visits: person.visits + 1 });
          }),
        );
      },
      async create(people, concurrency) {
        await concurrently(people, concurrency, (person) =>
          db.transaction(() => {
            if (db.doesExist(personKey(person.id))) throw new Error("The person exists.");
            write(person);
          }),
        );
      },
      async put(people, concurrency) {
        await concurrently(people, concurrency, (person) => db.put(personKey(person.id), packr.pack(person)));
      },
      async close() {
        await db.close();
      },
    };
  },
  /** A second table for the index. */
  async openResidents(folder) {
    const root = openRaw(folder);
    const records = root.openDB<Buffer, Buffer>("records", { keyEncoding: "binary", encoding: "binary" });
    const byCity = root.openDB<Buffer, Buffer>("byCity", { keyEncoding: "binary", encoding: "binary" });
    const nothing = Buffer.alloc(0);
    return {
      async load(people) {
        for (const chunk of chunks(people, batchRecords)) {
          await root.transaction(() => {
            for (const person of chunk) {
              records.put(personKey(person.id), packr.pack(person));
              byCity.put(entryKey(person), nothing);
            }
          });
        }
      },
      async withRecords(city, visit) {
        for (const key of byCity.getKeys(entriesOf(city))) {
          const value = records.get(personKey(idOf(key)));
          if (value !== undefined) visit(unpack(value));
        }
      },
      async count(city) {
        let found = 0;
        for (const key of byCity.getKeys(entriesOf(city))) if (key.length > 0) found += 1;
        return found;
      },
      close: () => root.close(),
    };
  },
};
