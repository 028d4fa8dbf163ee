/** The audit hook: writes down which records a transaction changes, for whom, in the same commit. */
import { subspaces } from "../keyspace/index.js";
import { auditEntryBytesMax } from "../limits/index.js";
import type { Clock } from "../observe/index.js";
import {
  type HookScope,
  isOfEntity,
  type Operation,
  type RecordChange,
  type TransactionHook,
} from "../transaction/index.js";
import { pack } from "../tuple/index.js";
import { canonicalBytes } from "./canonical.js";
import { encodeEntry, newEntryKey, type StoredChange, type StoredEntry } from "./entry.js";
import type { AuditKey } from "./tenant-key.js";
import type { AuditKeys } from "./tenant-keys.js";

/** Where the tenant's secret is, in the subspace of the hook. */
const secretKey = pack([1]);

/** Bytes of a change in an entry, roughly: its digests, codes and lengths. */
const changeBytes = 90;

/**
 * One entry for each transaction that changes audited records, or several of `auditEntryBytesMax` for one that changes
 * many. Entries are written blindly under the commit's versionstamp: they conflict with nobody.
 */
export class AuditHook implements TransactionHook {
  readonly name = "audit";
  readonly subspace = subspaces.auditKey;
  readonly trail = true;
  readonly #keys: AuditKeys;
  readonly #clock: Clock;
  readonly #entities: ReadonlySet<string> | undefined;

  /** @param entities Names of those that are audited; all unless given. */
  constructor(keys: AuditKeys, clock: Clock, entities: ReadonlySet<string> | undefined) {
    this.#keys = keys;
    this.#clock = clock;
    this.#entities = entities;
  }

  *beforeCommit(scope: HookScope, changes: readonly RecordChange[]): Operation<void> {
    const { trail, tenant, transaction } = scope;
    const entities = this.#entities;
    const audited =
      entities === undefined ? changes : changes.filter((change) => entities.has(change.entity) || !isOfEntity(change));
    if (audited.length === 0 || trail === undefined) return;
    const key = yield* this.#keys.of(tenant, transaction, secretKey);
    const head = this.#head(scope, key);
    let part = 0;
    for (const some of inParts(audited.map((change) => stored(change, key)))) {
      trail.setVersionstampedKey(newEntryKey(part++), encodeEntry({ ...head, kind: "changes", changes: some }));
    }
  }

  #head({ context, operator, label }: HookScope, key: AuditKey): Omit<StoredEntry, "kind"> {
    const subject = operator ?? context?.subject;
    const requestId = context?.requestId;
    return {
      at: this.#clock.now(),
      subject: subject === undefined ? undefined : key.sealSubject(subject),
      request: requestId === undefined ? undefined : key.seal("request", requestId),
      operation: label.operation,
    };
  }
}

const stored = ({ entity, kind, id, before, after }: RecordChange, key: AuditKey): StoredChange => ({
  entity,
  kind,
  id: key.seal(`id of ${entity}`, id),
  before: before === undefined ? undefined : key.digest(entity, canonicalBytes(before)),
  after: after === undefined ? undefined : key.digest(entity, canonicalBytes(after)),
});

/** Changes in their order, as many together as an entry takes. */
function* inParts(changes: readonly StoredChange[]): Generator<readonly StoredChange[], undefined, undefined> {
  let part: StoredChange[] = [];
  let bytes = 0;
  for (const change of changes) {
    const size = changeBytes + change.entity.length + change.id.length;
    if (part.length > 0 && bytes + size > auditEntryBytesMax) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(change);
    bytes += size;
  }
  yield part;
}
