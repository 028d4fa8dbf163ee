/** Watches: the states of a record in their order, the last one always, and no watch of the engine left behind. */
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import type { Database } from "../../../lib/database.js";
import {
  type Engine,
  EngineError,
  type EngineTransaction,
  memory,
  openEngine,
  type Watch,
} from "../../../lib/engine/index.js";
import { retryDelayMaxMs } from "../../../lib/limits/index.js";
import { type Clock, systemClock } from "../../../lib/observe/index.js";
import { open } from "../../../lib/open.js";
import type { TenantRepository } from "../../../lib/repository/index.js";
import { entity } from "../../../lib/schema/index.js";
import { newTenantId } from "../../../lib/tenant/index.js";
import { faulty } from "../../../lib/testing/index.js";
import { runs } from "../../runs.js";
import { manualClock } from "../../transaction/manual-clock.js";
import { impatient, rates } from "../fault-mix.js";
import { neighbours } from "../shelf.js";
import { Parcel } from "./parcel.js";

/** An engine that knows which of its watches have neither fired nor failed. */
class Watched implements Engine {
  readonly name = "watched";
  readonly open = new Set<Watch>();
  /** All there ever were. */
  count = 0;
  /** What a watch fails with at once. */
  failing: number | undefined;
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get capabilities(): Engine["capabilities"] {
    return this.#engine.capabilities;
  }

  begin(): EngineTransaction {
    const transaction = this.#engine.begin();
    const watch = transaction.watch.bind(transaction);
    transaction.watch = (key) => {
      this.count += 1;
      if (this.failing !== undefined) {
        const fired = Promise.reject(new EngineError(this.failing));
        fired.catch(() => {});
        return { fired, cancel: () => {} };
      }
      const made = watch(key);
      this.open.add(made);
      const close = (): void => void this.open.delete(made);
      made.fired.then(close, close);
      return made;
    };
    return transaction;
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}

type Parcels = TenantRepository<typeof Parcel>;

let engine: Watched;
let db: Database;
let parcels: Parcels;
let theirs: Parcels;
beforeAll(async () => {
  engine = new Watched(await openEngine(memory()));
  db = await open({ engine, entities: [Parcel] });
  const [own, other] = await neighbours(db);
  parcels = own.repository(Parcel);
  theirs = other.repository(Parcel);
});
afterAll(async () => {
  await db.close();
  await engine.close();
});

const watching = (id: number, signal?: AbortSignal) => parcels.watch(id, { signal })[Symbol.asyncIterator]();

describe("a watch", () => {
  test("gives the present state, then each as it is committed, and undefined while there is none", async () => {
    const states = watching(1);
    expect(await states.next()).toEqual({ value: undefined, done: false });
    const created = states.next();
    const parcel = await parcels.create({ id: 1 });
    expect(await created).toEqual({ value: parcel, done: false });
    const changed = states.next();
    // Neither another record nor another tenant's of the same id, nor a write that changes nothing that is stored.
    await parcels.create({ id: 2 });
    await theirs.create({ id: 1 });
    await parcels.patch(1, { noise: 7 });
    expect(await changed).toMatchObject({ value: { noise: 7 } });
    const gone = states.next();
    await parcels.delete(1);
    expect(await gone).toEqual({ value: undefined, done: false });
    expect(engine.open.size).toBe(1);
    expect(await states.return?.()).toEqual({ value: undefined, done: true });
    await sleep(0);
    expect(engine.open.size).toBe(0);
    expect(await states.next()).toEqual({ value: undefined, done: true });
  });

  test("gives what happened while nobody asked as one state", async () => {
    const states = watching(3);
    await states.next();
    for (let noise = 0; noise < 5; noise++) await parcels.put({ id: 3, noise });
    expect(await states.next()).toMatchObject({ value: { noise: 4 } });
    await parcels.delete(3);
    await parcels.put({ id: 3, noise: 9 });
    expect(await states.next()).toMatchObject({ value: { noise: 9, hits: 0 } });
    await states.return?.();
  });

  test("of a record with chunks sees them change", async () => {
    const weight = "x".repeat(250_000);
    const states = watching(4);
    await states.next();
    await parcels.create({ id: 4, weight });
    expect(await states.next()).toMatchObject({ value: { weight } });
    await parcels.transform({ equals: 4 }, (was) => ({ ...was, weight: `${weight.slice(1)}y` }));
    expect((await states.next()).value?.weight.endsWith("y")).toBe(true);
    await states.return?.();
  });

  test("sees all its followers served in the order they asked", async () => {
    const states = watching(5);
    const asked = [states.next(), states.next()];
    expect(await asked[0]).toEqual({ value: undefined, done: false });
    await parcels.create({ id: 5 });
    expect(await asked[1]).toMatchObject({ value: { id: 5 } });
    await states.return?.();
  });

  test("ends with break, return, its signal and the database, and leaves no watch", async () => {
    for await (const state of parcels.watch(6)) {
      expect(state).toBeUndefined();
      break;
    }
    const left = watching(6);
    await left.next();
    const waiting = left.next();
    await left.return?.();
    expect(await waiting).toEqual({ value: undefined, done: true });

    const stop = new AbortController();
    const stopped = watching(6, stop.signal);
    await stopped.next();
    const never = stopped.next();
    stop.abort(new Error("enough"));
    await expect(never).rejects.toMatchObject({ code: "TRANSACTION_ABORTED", cause: { message: "enough" } });
    expect(await stopped.next()).toEqual({ value: undefined, done: true });
    await expect(watching(6, AbortSignal.abort()).next()).rejects.toMatchObject({ code: "TRANSACTION_ABORTED" });

    const other = await open({ engine, entities: [Parcel] });
    const id = newTenantId();
    await other.tenants.provision({ name: "closed", id });
    const closing = other.tenant(id).repository(Parcel).watch(1)[Symbol.asyncIterator]();
    await closing.next();
    const closed = expect(closing.next()).rejects.toMatchObject({ code: "DATABASE_CLOSED" });
    await other.close();
    await closed;
    await expect(other.tenant(id).repository(Parcel).watch(1)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: "DATABASE_CLOSED",
    });
    await sleep(0);
    expect(engine.open.size).toBe(0);
  });

  test("refuses an id that is none, and is refused by an engine that holds too many", async () => {
    expect(() => parcels.watch(0.5)).toThrow(expect.objectContaining({ code: "RECORD_ID_INVALID" }));
    const states = watching(7);
    engine.failing = 1032;
    try {
      await states.next();
      await expect(states.next()).rejects.toMatchObject({
        code: "WATCHES_TOO_MANY",
        details: { watchesMax: 10_000 },
      });
    } finally {
      engine.failing = undefined;
    }
  });

  test("that is lost again and again comes back each time, with a pause", async () => {
    const pauses: number[] = [];
    const after: Clock["after"] = (ms, fn) => {
      // Longer ones are deadlines.
      if (ms > retryDelayMaxMs) return systemClock.after(ms, fn);
      pauses.push(ms);
      return systemClock.after(0, fn);
    };
    const own = await open({ engine, entities: [Parcel], clock: { ...systemClock, after } });
    const { id } = await own.tenants.provision({ name: "pauses" });
    const states = own.tenant(id).repository(Parcel).watch(8)[Symbol.asyncIterator]();
    engine.failing = 1101;
    await states.next();
    pauses.length = 0;
    const before = engine.count;
    const change = states.next();
    await vi.waitUntil(() => engine.count - before > 8, { timeout: 50_000 });
    engine.failing = undefined;
    expect(pauses.slice(0, 8)).toEqual([10, 20, 40, 80, 160, 320, 640, 1_000]);
    await own.tenant(id).repository(Parcel).create({ id: 8 });
    expect(await change).toMatchObject({ value: { id: 8 } });
    await states.return?.();
    await own.close();
    await sleep(0);
    expect(engine.open.size).toBe(0);
  });

  test("tells when a record expires, at its time and before it is swept", async () => {
    const Ticket = entity("ticket", {
      version: 1,
      schema: z.object({ id: z.int(), until: z.date().optional() }),
      id: ["id"],
      expires: "until",
    });
    const clock = manualClock();
    const own = await open({ engine, entities: [Ticket], clock });
    const tickets = own.tenant((await own.tenants.provision({ name: "tickets" })).id).repository(Ticket);
    await tickets.create({ id: 1, until: new Date(clock.time + 150) });
    const states = tickets.watch(1)[Symbol.asyncIterator]();
    expect(await states.next()).toMatchObject({ value: { id: 1 } });
    const expired = states.next();
    const timer = await vi.waitUntil(() => clock.timers.find(({ ms, live }) => live && ms === 150), {
      timeout: 50_000,
    });
    clock.time += 150;
    timer.fire();
    expect(await expired).toEqual({ value: undefined, done: false });
    const next = states.next();
    await tickets.put({ id: 1 });
    expect(await next).toMatchObject({ value: { id: 1 } });
    await states.return?.();
    await own.close();
  });

  test("costs a get and a watch for each state", async () => {
    const states = watching(9);
    const before = engine.count;
    await states.next();
    await parcels.create({ id: 9 });
    await states.next();
    await parcels.delete(9);
    await states.next();
    expect(engine.count - before).toBe(3);
    await states.return?.();
  });
});

describe("on a bad day", () => {
  test("states come in order, the last one always, and no watch is left", async () => {
    const kinds = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }), async (seed, changes) => {
        const badDay = { ...rates, watchDrop: 0.3, watchSpurious: 0.3 };
        const faults = faulty(engine, { seed, rates: badDay, delayMs: 2, onFault: ({ kind }) => kinds.add(kind) });
        const id = newTenantId();
        await db.tenants.provision({ name: "bad day", id });
        const troubled = await open({ engine: faults, entities: [Parcel], random: impatient });
        const seen: (number | undefined)[] = [];
        const watched = (async () => {
          for await (const state of troubled.tenant(id).repository(Parcel).watch(1)) {
            seen.push(state?.noise);
            if (state?.noise === changes.length) break;
          }
        })();
        const calm = db.tenant(id).repository(Parcel);
        for (const [at, there] of changes.entries()) {
          if (there) await calm.put({ id: 1, noise: at });
          else await calm.delete(1);
        }
        await calm.put({ id: 1, noise: changes.length });
        await watched;
        const numbers = seen.filter((noise) => noise !== undefined);
        expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
        for (const noise of numbers) expect(noise === changes.length || changes[noise]).toBe(true);
        await troubled.close();
        await faults.settled();
        await sleep(0);
        expect(engine.open.size).toBe(0);
      }),
      { numRuns: runs(15) },
    );
    expect(kinds.has("watchDrop") || kinds.has("watchSpurious")).toBe(true);
  });
});
