/** A peer: `better-sqlite3` with a JSON text per row, as a document table is kept in SQLite. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Person } from "../people/person.js";
import { removeFolder } from "./folder.js";
import { importPeer, peerVersion } from "./installed.js";
import { chunks, type StoreKind } from "./store.js";

interface Statement {
  pluck(): Statement;
  get(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown[];
  run(...values: unknown[]): unknown;
}

interface Sqlite {
  pragma(text: string): unknown;
  exec(sql: string): unknown;
  prepare(sql: string): Statement;
  transaction<A extends unknown[], R>(fn: (...values: A) => R): { immediate(...values: A): R };
  close(): void;
}

const packageName = "better-sqlite3";
const tenant = Buffer.from("9f2c1b7a4d3e4f5a8b6c7d8e9fa0b1c2", "hex");
const batchRecords = 1_000;

const parse = (json: unknown): Person => JSON.parse(String(json));

export const sqlite: StoreKind = {
  name: "better-sqlite3",
  transactional: true,
  version: () => peerVersion(packageName),
  clear: removeFolder,
  async open(folder) {
    const { default: Database } = await importPeer<{ default: new (path: string) => Sqlite }>(packageName);
    mkdirSync(folder, { recursive: true });
    const db = new Database(join(folder, "people.sqlite"));
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = FULL");
    db.pragma("cache_size = -262144");
    db.pragma("mmap_size = 4294967296");
    db.exec(
      "create table if not exists person (tenant blob, id integer, json text, primary key (tenant, id)) without rowid",
    );
    const range = db.prepare("select json from person where tenant = ? and id >= ? order by id limit ?").pluck();
    const one = db.prepare("select json from person where tenant = ? and id = ?").pluck();
    const insert = db.prepare("insert into person values (?, ?, ?)");
    const upsert = db.prepare("insert or replace into person values (?, ?, ?)");

    const read = (id: number): Person => parse(one.get(tenant, id));
    const insertAll = db.transaction((people: readonly Person[]) => {
      for (const person of people) insert.run(tenant, person.id, JSON.stringify(person));
    });
    const addVisit = db.transaction((id: number) => {
      const person = read(id);
      upsert.run(tenant, id, JSON.stringify({ ...person, visits: person.visits + 1 }));
    });
    return {
      async load(people) {
        for (const chunk of chunks(people, batchRecords)) insertAll.immediate(chunk);
      },
      async scan(visit) {
        // A thousand rows at a time: faster than its row iterator, and than one array of them all.
        let from = 0;
        for (;;) {
          const rows = range.all(tenant, from, batchRecords);
          for (const json of rows) {
            const person = parse(json);
            from = person.id + 1;
            visit(person);
          }
          if (rows.length < batchRecords) return;
        }
      },
      async pages(starts, size, visit) {
        for (const from of starts) for (const json of range.all(tenant, from, size)) visit(parse(json));
      },
      async get(ids, visit) {
        for (const id of ids) visit(read(id));
      },
      async getTogether(ids, visit) {
        for (const id of ids) visit(read(id));
      },
      // One transaction after another, whatever the concurrency: its calls return when they are done.
      async visit(ids) {
        for (const id of ids) addVisit.immediate(id);
      },
      async create(people) {
        for (const person of people) insert.run(tenant, person.id, JSON.stringify(person));
      },
      async put(people) {
        for (const person of people) upsert.run(tenant, person.id, JSON.stringify(person));
      },
      async close() {
        db.close();
      },
    };
  },
};
