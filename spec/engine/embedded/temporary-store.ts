/** Stores in directories of their own for specs, and short ways to read and write them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { LmdbStore, type LmdbStoreOptions } from "../../../lib/engine/embedded/lmdb-store.js";
import type { CommitRequest, KeyRange, Mutation, Snapshot } from "../../../lib/engine/embedded/store.js";

const directories: string[] = [];

/** A fresh directory, removed after the file's specs. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "tenantry-spec-"));
  directories.push(directory);
  return directory;
}

afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

export const openStore = (
  directory: string = temporaryDirectory(),
  options: Partial<LmdbStoreOptions> = {},
): Promise<LmdbStore> => LmdbStore.open({ directory, flush: "never", mapBytes: 2 ** 34, held: () => true, ...options });

export const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));
export const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value).toString("latin1");

export const point = (key: Uint8Array): KeyRange => ({ begin: key, end: Uint8Array.of(...key, 0) });
export const everything = { begin: new Uint8Array(0), end: Uint8Array.of(0xff, 0xff) };

export const set = (key: Uint8Array, value: Uint8Array): Mutation => ({ type: "set", key, value });
export const clear = (begin: Uint8Array, end: Uint8Array): Mutation => ({ type: "clearRange", begin, end });

/** A commit that read nothing. */
export const blind = (...mutations: Mutation[]): CommitRequest => ({
  readVersion: undefined,
  readConflicts: [],
  writeConflicts: mutations.map((mutation) => (mutation.type === "clearRange" ? mutation : point(mutation.key))),
  mutations,
});

export const snapshotOf = (store: LmdbStore): Snapshot => store.snapshot(store.readVersion());

/** All rows, as text. */
export const contents = (store: LmdbStore): [string, string][] =>
  [...snapshotOf(store).rows(everything.begin, everything.end, false)].map(([key, value]) => [
    text(key) ?? "",
    text(value) ?? "",
  ]);
