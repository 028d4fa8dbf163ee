/** Databases on one engine, as processes are on one cluster, with a clock that the spec sets. */

import { decodeEntry, type StoredEntry } from "../../lib/audit/index.js";
import type { Database } from "../../lib/database.js";
import { type Engine, memory, openEngine } from "../../lib/engine/index.js";
import { Keyspace } from "../../lib/keyspace/index.js";
import { type Clock, systemClock } from "../../lib/observe/index.js";
import { open } from "../../lib/open.js";
import type { OpenOptions } from "../../lib/open-options.js";
import type { TenantId } from "../../lib/tenant/index.js";

/** A clock whose wall time the spec moves; what it measures goes on as it does. */
export class SteppedClock implements Clock {
  time = Date.now();

  now(): number {
    return this.time;
  }

  monotonic(): number {
    return systemClock.monotonic();
  }

  after(ms: number, fn: () => void): () => void {
    // Waits between attempts shrink, deadlines do not.
    return systemClock.after(ms <= 1_000 ? ms / 20 : ms, fn);
  }
}

export interface Processes extends AsyncDisposable {
  readonly engine: Engine;
  readonly clock: SteppedClock;
  /** Another database object, as another process has. */
  open(options?: Partial<OpenOptions>): Promise<Database>;
}

export async function processes(): Promise<Processes> {
  const engine = await openEngine(memory());
  const clock = new SteppedClock();
  const opened: Database[] = [];
  return {
    engine,
    clock,
    async open(options = {}) {
      const db = await open({ engine, clock, entities: [], ...options });
      opened.push(db);
      return db;
    },
    async [Symbol.asyncDispose]() {
      for (const db of opened) await db.close();
      await engine.close();
    },
  };
}

const bound = (key: Uint8Array) => ({ key, orEqual: false, offset: 1 });

/** Rows of a range as the engine has them. */
export async function rowsIn(engine: Engine, range: { readonly begin: Uint8Array; readonly end: Uint8Array }) {
  const transaction = engine.begin();
  const { rows } = await transaction.getRange(bound(range.begin), bound(range.end));
  transaction.cancel();
  return rows;
}

/** The entries of a tenant's trail, oldest first. */
export async function trailOf(engine: Engine, id: TenantId): Promise<StoredEntry[]> {
  const rows = await rowsIn(engine, new Keyspace().control.auditRange(id));
  return rows.map(([, value]) => decodeEntry(value));
}

/** What a trail says was done. */
export const operations = (entries: readonly StoredEntry[]): (string | undefined)[] =>
  entries.map(({ operation }) => operation);
