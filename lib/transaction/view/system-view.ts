/** The control plane over an engine's transaction: every key checked against the control range. */
import { tenantryError } from "../../errors/index.js";
import type { TenantGuard } from "../../guard/index.js";
import { copiedBytes, own } from "../../intrinsics/index.js";
import type { Keyspace } from "../../keyspace/index.js";
import { decodeTenantRecord, encodeTenantRecord, type TenantId, type TenantRecord } from "../../tenant/index.js";
import { keyAfter } from "../../tuple/index.js";
import { readRows, siblings } from "../read/index.js";
import type { KeyReadOptions, RangeBatch, RangeReadOptions, RelativeRange } from "../read-transaction.js";
import type { SystemTransaction } from "../system-transaction.js";
import type { KeyedAtomicOp, TenantTransaction } from "../tenant-transaction.js";
import type { Attempt } from "./attempt.js";
import { firstFrom, rangeOptions } from "./read-view.js";
import { TenantView } from "./tenant-view.js";

/** The guards that stand in front of tenants and of their trails. */
export interface GuardSource {
  tenant(id: TenantId): TenantGuard;
  trail(incarnation: Pick<TenantRecord, "id" | "incarnation">): TenantGuard;
}

/** The {@link SystemTransaction} of one attempt. */
export class SystemView implements SystemTransaction {
  readonly #attempt: Attempt;
  readonly #keyspace: Keyspace;
  readonly #guards: GuardSource;

  constructor(attempt: Attempt, keyspace: Keyspace, guards: GuardSource) {
    this.#attempt = attempt;
    this.#keyspace = keyspace;
    this.#guards = guards;
  }

  get(key: Uint8Array, options?: KeyReadOptions): Promise<Uint8Array | undefined> {
    return this.#attempt.perform("get", async () =>
      this.#attempt.engine.get(this.#key(key, "get"), options?.snapshot === true),
    );
  }

  getRange(range: RelativeRange, options?: RangeReadOptions): Promise<RangeBatch> {
    return this.#attempt.perform("getRange", async () => {
      const { begin, end } = this.#range(range, "getRange");
      const read = rangeOptions(options, options !== undefined && own(options, "snapshot") === true);
      return this.#attempt.engine.getRange(firstFrom(begin), firstFrom(end), read);
    });
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.#attempt.write("set");
    this.#attempt.engine.set(this.#key(key, "set"), value);
  }

  clear(key: Uint8Array): void {
    this.#attempt.write("clear");
    this.#attempt.engine.clear(this.#key(key, "clear"));
  }

  clearRange(range: RelativeRange): void {
    this.#attempt.write("clearRange");
    const { begin, end } = this.#range(range, "clearRange");
    this.#attempt.engine.clearRange(begin, end);
  }

  atomic(op: KeyedAtomicOp, key: Uint8Array, operand: Uint8Array): void {
    this.#attempt.write("atomic");
    this.#attempt.engine.atomic(op, this.#key(key, "atomic"), operand);
  }

  setVersionstampedKey(key: Uint8Array, value: Uint8Array): void {
    this.#attempt.write("setVersionstampedKey");
    this.#attempt.engine.atomic("setVersionstampedKey", this.#stampedKey(key), value);
  }

  setVersionstampedValue(key: Uint8Array, value: Uint8Array): void {
    this.#attempt.write("setVersionstampedValue");
    this.#attempt.engine.atomic("setVersionstampedValue", this.#key(key, "setVersionstampedValue"), value);
  }

  addReadConflictKey(key: Uint8Array): void {
    this.#attempt.use("addReadConflictKey");
    const checked = this.#key(key, "addReadConflictRange");
    this.#attempt.engine.addReadConflictRange(checked, keyAfter(checked));
  }

  getReadVersion(): Promise<bigint> {
    return this.#attempt.perform("getReadVersion", async () => this.#attempt.engine.getReadVersion());
  }

  async getTenant(id: TenantId): Promise<TenantRecord | undefined> {
    const bytes = await this.get(this.#keyspace.control.registryKey(id));
    return bytes === undefined ? undefined : decodeTenantRecord(bytes);
  }

  async listTenants({
    after,
    limit,
  }: {
    readonly after?: TenantId | undefined;
    readonly limit: number;
  }): Promise<TenantRecord[]> {
    const { control } = this.#keyspace;
    const { begin: first, end } = control.registryRange;
    const begin = after === undefined ? first : keyAfter(control.registryKey(after));
    const rows = await readRows(this, { begin, end }, { limit });
    return rows.map(([, value]) => decodeTenantRecord(value));
  }

  putTenant(record: TenantRecord): void {
    this.set(this.#keyspace.control.registryKey(record.id), encodeTenantRecord(record));
    this.bumpMetadataVersion();
  }

  removeTenant(id: TenantId): void {
    this.clear(this.#keyspace.control.registryKey(id));
    this.bumpMetadataVersion();
  }

  bumpMetadataVersion(): void {
    this.#attempt.bumpMetadataVersion();
  }

  clearTenantData(id: TenantId): void {
    this.#attempt.write("clearTenantData");
    const { begin, end } = this.#keyspace.tenant(id);
    this.#attempt.engine.clearRange(begin, end);
  }

  actAsTenant(id: TenantId): TenantTransaction {
    this.#attempt.use("actAsTenant");
    return new TenantView(this.#attempt, this.#guards.tenant(id));
  }

  trailOf(incarnation: Pick<TenantRecord, "id" | "incarnation">): TenantTransaction {
    this.#attempt.use("trailOf");
    return new TenantView(this.#attempt, this.#guards.trail(incarnation));
  }

  async claimRoot(): Promise<"around" | "inside" | undefined> {
    const { control, around, unclaimed } = this.#keyspace;
    const mark = control.metaKey("database");
    if ((await this.get(mark)) !== undefined) return undefined;
    const { engine } = this.#attempt;
    // Whoever claims one around this at the same time reads what is written here, and the other way round.
    const found = await this.#attempt.perform("claimRoot", async () => {
      const outer = around.map(
        async (other) => (await engine.get(other.control.metaKey("database"), false)) !== undefined,
      );
      const inner = unclaimed.map(async ({ begin, end }) => {
        const { rows } = await engine.getRange(firstFrom(begin), firstFrom(end), rangeOptions({ limit: 1 }, false));
        return rows.length > 0;
      });
      return { around: (await siblings(outer)).includes(true), inside: (await siblings(inner)).includes(true) };
    });
    if (found.around) return "around";
    if (found.inside) return "inside";
    this.set(mark, Uint8Array.of(1));
    return undefined;
  }

  afterCommit(fn: () => void | Promise<void>): void {
    this.#attempt.use("afterCommit");
    this.#attempt.afterCommit.push(fn);
  }

  #key(key: Uint8Array, operation: string): Uint8Array {
    const copy = copied(key, operation);
    if (!this.#keyspace.control.range.contains(copy)) throw this.#outside(operation);
    return copy;
  }

  #stampedKey(key: Uint8Array): Uint8Array {
    const copy = copied(key, "setVersionstampedKey");
    const { range } = this.#keyspace.control;
    const body = copy.length - 4;
    const at = body < 0 ? 0 : new DataView(copy.buffer).getUint32(body, true);
    // The stamp must leave alone what keeps the key in the control range.
    if (at <= range.prefixLength || at + 10 > body || !range.contains(copy, 0, body)) {
      throw this.#outside("setVersionstampedKey");
    }
    return copy;
  }

  #range({ begin, end }: RelativeRange, operation: string): RelativeRange {
    const range = { begin: copied(begin, operation), end: copied(end, operation) };
    if (!this.#keyspace.control.range.containsRange(range.begin, range.end)) throw this.#outside(operation);
    return range;
  }

  #outside(operation: string): unknown {
    return this.#attempt.noted(tenantryError("ISOLATION_VIOLATION", { operation, reason: "outsideControl" }));
  }
}

/** What is checked is the copy that goes to the engine. */
function copied(bytes: Uint8Array, operation: string): Uint8Array {
  const copy = copiedBytes(bytes);
  if (copy === undefined) throw tenantryError("ISOLATION_VIOLATION", { operation, reason: "notBytes" });
  return copy;
}
