/** The hook that counts: records and bytes of every change, in the same transaction, within the tenant's limits. */
import { subspaces } from "../../keyspace/index.js";
import { type HookScope, isOfEntity, type RecordChange, type TransactionHook } from "../../transaction/index.js";
import { compareBytes } from "../../tuple/index.js";
import type { PlanBook } from "../plan/plan-book.js";
import { encodeCount } from "./count.js";
import { Ledger } from "./ledger.js";
import { bytesOf, type Resource, recordsOf, storage, UsageKeys } from "./resource.js";
import type { Turns } from "./turns.js";
import type { RecountState } from "./usage-state.js";

/** What a transaction does to one entity. */
interface Delta {
  records: number;
  bytes: number;
}

const deltaOf = (changes: readonly RecordChange[]): Delta => {
  const delta = { records: 0, bytes: 0 };
  for (const { kind, bytesBefore, bytesAfter } of changes) {
    if (kind === "create") delta.records++;
    else if (kind === "delete") delta.records--;
    delta.bytes += bytesAfter - bytesBefore;
  }
  return delta;
};

function byEntity(changes: readonly RecordChange[]): ReadonlyMap<string, readonly RecordChange[]> {
  const all = new Map<string, RecordChange[]>();
  for (const change of changes) {
    const some = all.get(change.entity);
    if (some === undefined) all.set(change.entity, [change]);
    else some.push(change);
  }
  return all;
}

/** Whether a recount has been past the record of a change. */
const isRecounted = ({ position }: RecountState, { id }: RecordChange): boolean =>
  position === null || compareBytes(id, Buffer.from(position, "hex")) < 0;

export class UsageHook implements TransactionHook {
  readonly name = "quota";
  readonly subspace = subspaces.usage;
  readonly #book: PlanBook;
  readonly #turns: Turns;

  constructor(book: PlanBook, turns: Turns) {
    this.#book = book;
    this.#turns = turns;
  }

  async beforeCommit(scope: HookScope, announced: readonly RecordChange[]): Promise<void> {
    const changes = announced.filter(isOfEntity);
    if (changes.length === 0) return;
    const { transaction, tenant } = scope;
    const keys = UsageKeys.ofHook;
    const { counted } = this.#book.grant(tenant);
    const ledger = await Ledger.open(transaction, keys, this.#turns.next());
    const deltas: [Resource, number][] = [];
    let bytes = 0;
    for (const [entity, some] of byEntity(changes)) {
      const delta = deltaOf(some);
      bytes += delta.bytes;
      deltas.push([recordsOf(entity), delta.records], [bytesOf(entity), delta.bytes]);
      const { recount } = ledger.state;
      if (recount?.entity !== entity) continue;
      const again = deltaOf(some.filter((change) => isRecounted(recount, change)));
      transaction.atomic("add", keys.recounted(recordsOf(entity)), encodeCount(again.records));
      transaction.atomic("add", keys.recounted(bytesOf(entity)), encodeCount(again.bytes));
    }
    deltas.push([storage, bytes]);
    await Promise.all(deltas.map(([resource, delta]) => ledger.change(resource, counted.get(resource.name), delta)));
  }
}
