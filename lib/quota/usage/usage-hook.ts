/** The hook that counts: records and bytes of every change, in the same transaction, within the tenant's limits. */
import { subspaces } from "../../keyspace/index.js";
import {
  type HookScope,
  isOfEntity,
  type Operation,
  type RecordChange,
  type TransactionHook,
  together,
} from "../../transaction/index.js";
import { compareBytes } from "../../tuple/index.js";
import type { PlanBook } from "../plan/plan-book.js";
import { encodeCounts } from "./count.js";
import { Ledger } from "./ledger.js";
import { type Account, entityAccount, storage, UsageKeys } from "./resource.js";
import type { Turns } from "./turns.js";
import type { RecountState } from "./usage-state.js";

/** What changes do to an entity's records and their bytes. */
function deltasOf(changes: readonly RecordChange[]): readonly [records: number, bytes: number] {
  let [records, bytes] = [0, 0];
  for (const { kind, bytesBefore, bytesAfter } of changes) {
    if (kind === "create") records++;
    else if (kind === "delete") records--;
    bytes += bytesAfter - bytesBefore;
  }
  return [records, bytes];
}

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

  *beforeCommit(scope: HookScope, announced: readonly RecordChange[]): Operation<void> {
    const changes = announced.filter(isOfEntity);
    if (changes.length === 0) return;
    const { transaction, tenant } = scope;
    const keys = UsageKeys.ofHook;
    const { counted } = this.#book.grant(tenant);
    const ledger = yield* Ledger.opening(transaction, keys, this.#turns.next(tenant));
    const reserve = (account: Account, deltas: readonly number[]): Operation<void> =>
      ledger.reserve(
        account,
        account.resources.map((name) => counted.get(name)),
        deltas,
      );
    const entities = [...byEntity(changes)].map(([entity, some]) => ({
      account: entityAccount(entity),
      deltas: deltasOf(some),
    }));
    const bytes = entities.reduce((sum, { deltas }) => sum + deltas[1], 0);
    yield* together([reserve(storage, [bytes]), ...entities.map(({ account, deltas }) => reserve(account, deltas))]);
    for (const { account, deltas } of entities) ledger.adjust(account, deltas);
    const { recount } = ledger.state;
    if (recount === null) return;
    const again = deltasOf(
      changes.filter((change) => change.entity === recount.entity && isRecounted(recount, change)),
    );
    transaction.atomic("add", keys.recounted(entityAccount(recount.entity)), encodeCounts(again));
  }
}
