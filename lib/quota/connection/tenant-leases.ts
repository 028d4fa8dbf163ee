/** The connections that this process holds of one tenant: one stored row for all of them, kept alive by a heartbeat. */
import { isTenantryError, leaving, tenantryError } from "../../errors/index.js";
import { abortReason, isAborted } from "../../intrinsics/index.js";
import type { Clock } from "../../observe/index.js";
import { onAborted } from "../../roster/index.js";
import type { TenantRecord } from "../../tenant/index.js";
import type { TenantTransaction } from "../../transaction/index.js";
import { equalBytes } from "../../tuple/index.js";
import { databaseTime } from "../database-time.js";
import type { PlanBook } from "../plan/plan-book.js";
import { Ledger } from "../usage/ledger.js";
import { connections, UsageKeys } from "../usage/resource.js";
import type { Turns } from "../usage/turns.js";
import { decodeHolder, encodeHolder } from "./holder.js";
import { Lease } from "./lease.js";

const keys = UsageKeys.ofTenant;

/** What a process keeps leases with. */
export interface LeaseParts {
  readonly book: PlanBook;
  readonly turns: Turns;
  readonly clock: Clock;
  readonly leaseMs: number;
  /** The process, among all that hold connections. */
  readonly holder: Uint8Array;
}

export type LeaseTransact = <T>(
  fn: (transaction: TenantTransaction, tenant: TenantRecord | undefined) => Promise<T>,
) => Promise<T>;

export class TenantLeases {
  readonly #transact: LeaseTransact;
  readonly #parts: LeaseParts;
  readonly #onIdle: () => void;
  readonly #leases = new Set<Lease>();
  readonly #key: Uint8Array;
  /** Changes of the row follow one another. */
  #last: Promise<unknown> = Promise.resolve();
  /** Changes under way, or waiting for their turn. */
  #pending = 0;
  #keptAt = 0;
  #stopTimer: (() => void) | undefined;

  /** @param onIdle Called whenever it holds nothing and changes nothing any more. */
  constructor(transact: LeaseTransact, parts: LeaseParts, onIdle: () => void) {
    this.#transact = transact;
    this.#parts = parts;
    this.#onIdle = onIdle;
    this.#key = keys.holder(parts.holder);
  }

  /**
   * Takes one more, until it is released or `signal` aborts. When all are taken, those of processes that have died are
   * given back first.
   *
   * @throws QUOTA_EXCEEDED, TRANSACTION_ABORTED
   */
  async acquire(signal: AbortSignal | undefined): Promise<Lease> {
    if (signal === undefined) return await this.#inTurn(() => this.#take());
    const aborted = (): Error => tenantryError("TRANSACTION_ABORTED", { attempts: 0 }, { cause: abortReason(signal) });
    if (isAborted(signal)) throw aborted();
    const taking = this.#inTurn(() => {
      // Given up while it waited for others: it is not counted at all.
      if (isAborted(signal)) throw aborted();
      return this.#take();
    });
    return await new Promise<Lease>((resolve, reject) => {
      const stopListening = onAborted(signal, () => {
        reject(aborted());
        // It is being counted, or was: that is taken back.
        taking.then((lease) => lease.release()).catch(() => {});
      });
      taking.then(
        (lease) => {
          lease.onEnd(stopListening);
          resolve(lease);
        },
        (error) => {
          stopListening();
          reject(error);
        },
      );
    });
  }

  async #take(): Promise<Lease> {
    try {
      await this.#store(this.#leases.size + 1);
    } catch (error) {
      if (!isTenantryError(error, "QUOTA_EXCEEDED") || !(await this.#reap())) throw error;
      await this.#store(this.#leases.size + 1);
    }
    const lease = new Lease((released) => this.#release(released));
    this.#leases.add(lease);
    this.#beatLater();
    return lease;
  }

  /** Gives all of them back. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#leases].map((lease) => lease.release()));
    this.#stop();
  }

  async #release(lease: Lease): Promise<void> {
    await this.#inTurn(async () => {
      if (!this.#leases.delete(lease)) return;
      if (this.#leases.size === 0) this.#stop();
      await this.#store(this.#leases.size);
    });
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#pending++;
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    try {
      return await done;
    } catch (error) {
      throw leaving(error);
    } finally {
      this.#pending--;
      if (this.#pending === 0 && this.#leases.size === 0) this.#onIdle();
    }
  }

  /** Has the row say that the process holds `count`, from now on; counts the difference to what it said. */
  async #store(count: number): Promise<void> {
    const { book, turns, clock, leaseMs } = this.#parts;
    const begun = clock.monotonic();
    await this.#transact(async (transaction, tenant) => {
      if (tenant === undefined) throw tenantryError("TENANT_UNAVAILABLE", {});
      const row = await transaction.get(this.#key);
      // Taken away when this process seemed dead: then all it holds counts anew.
      const before = row === undefined ? 0 : decodeHolder(row).count;
      const ledger = await Ledger.open(transaction, keys, turns.next(tenant));
      await ledger.change(connections, [book.grant(tenant).counted.get(connections.name)], [count - before]);
      if (count === 0) transaction.clear(this.#key);
      else {
        const expiresAt = (await databaseTime(transaction)) + leaseMs;
        transaction.set(this.#key, encodeHolder({ expiresAt, count }));
      }
    });
    this.#keptAt = begun;
  }

  /** Gives back what processes hold that have died; whether there was any. */
  #reap(): Promise<boolean> {
    const { book, turns } = this.#parts;
    return this.#transact(async (transaction, tenant) => {
      const now = await databaseTime(transaction);
      const { rows } = await transaction.getRange(keys.holders, { snapshot: true });
      const dead = rows.filter(([key, row]) => decodeHolder(row).expiresAt < now && !equalBytes(key, this.#key));
      if (dead.length === 0 || tenant === undefined) return false;
      for (const [key] of dead) {
        transaction.addReadConflictKey(key);
        transaction.clear(key);
      }
      const count = dead.reduce((sum, [, row]) => sum + decodeHolder(row).count, 0);
      const ledger = await Ledger.open(transaction, keys, turns.next(tenant));
      await ledger.change(connections, [book.grant(tenant).counted.get(connections.name)], [-count]);
      return true;
    });
  }

  #beatLater(): void {
    const { clock, leaseMs } = this.#parts;
    this.#stopTimer ??= clock.after(leaseMs / 3, () => {
      this.#stopTimer = undefined;
      void this.#inTurn(() => this.#beat());
    });
  }

  async #beat(): Promise<void> {
    const { clock, leaseMs } = this.#parts;
    if (this.#leases.size === 0) return;
    try {
      await this.#store(this.#leases.size);
    } catch (cause) {
      const isRefused = isTenantryError(cause, "QUOTA_EXCEEDED", "TENANT_UNAVAILABLE", "DATABASE_CLOSED");
      if (isRefused || clock.monotonic() - this.#keptAt >= leaseMs) this.#lose(cause);
    }
    if (this.#leases.size > 0) this.#beatLater();
  }

  #lose(cause: unknown): void {
    const error = tenantryError("QUOTA_LEASE_LOST", {}, { cause });
    const lost = [...this.#leases];
    this.#leases.clear();
    for (const lease of lost) lease.lose(error);
  }

  #stop(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }
}
