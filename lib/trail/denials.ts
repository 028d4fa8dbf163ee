/** Denied attempts: counted at once, written to the trails out of band, a few entries a second for each tenant. */
import { AsyncResource } from "node:async_hooks";
import { AuditKeys, encodeEntry, newEntryKey } from "../audit/index.js";
import { auditSecretKey } from "../keyspace/index.js";
import type { ControlPlane } from "../lifecycle/index.js";
import { denialEntriesMax, denialTenantsMax, denialWindowMs, tenantContextTextBytesMax } from "../limits/index.js";
import type { Clock, Counter, Logger, Random } from "../observe/index.js";
import { optionNames, takeNamed } from "../options/index.js";
import { isSubject, type TenantId } from "../tenant/index.js";
import { callTerms, perform } from "../transaction/index.js";

/**
 * An attempt that was refused.
 *
 * @example
 * ```ts
 * import type { Database, DeniedAttempt, TenantId } from "tenantry";
 * declare const db: Database;
 * declare const id: TenantId;
 * const attempt: DeniedAttempt = { code: "EXPORT_DENIED", subject: "ann", operation: "export" };
 * db.audit.deny(id, attempt);
 * ```
 */
export interface DeniedAttempt {
  /** The code of the refusal: a word of the program's, never data. */
  readonly code: string;
  readonly subject?: string | undefined;
  readonly requestId?: string | undefined;
  readonly operation?: string | undefined;
  /** The name of the entity it was about. */
  readonly entity?: string | undefined;
}

const attemptNames = optionNames<DeniedAttempt>({
  code: true,
  subject: true,
  requestId: true,
  operation: true,
  entity: true,
});

/** What is known of one tenant's denied attempts that are not written yet. */
interface Waiting {
  /** Those that are told apart, by what they have in common. */
  readonly kinds: Map<string, { readonly attempt: DeniedAttempt; readonly at: number; count: number }>;
  /** How many more there were. */
  others: number;
}

export interface DenialsParts {
  readonly control: ControlPlane;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly counter: Counter;
}

/** Attempts beyond `denialEntriesMax` kinds of a tenant in a window. */
const othersCode = "OTHERS";

/** Codes as programs have them: what comes from a request makes no new series of the metric. */
const codePattern = /^[A-Z][A-Z0-9_]{0,63}$/;

/** Well-formed and short, whatever was given. */
function word(text: string | undefined): string | undefined {
  return typeof text === "string" ? Buffer.from(text.slice(0, tenantContextTextBytesMax)).toString() : undefined;
}

export class Denials {
  readonly #parts: DenialsParts;
  readonly #keys: AuditKeys;
  readonly #flushLater: () => void;
  #waiting = new Map<TenantId, Waiting>();
  #stopTimer: (() => void) | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(parts: DenialsParts) {
    this.#parts = parts;
    this.#keys = new AuditKeys(parts.random);
    // Not in the caller's asynchronous context: there, a transaction of ours would count as nested in the caller's.
    this.#flushLater = AsyncResource.bind(() => {
      this.#stopTimer = undefined;
      void this.flush();
    });
  }

  /** Counts an attempt, to be written within `denialWindowMs`; of nobody's, it is only counted. Never throws, never waits. */
  deny(id: TenantId | undefined, given: DeniedAttempt): void {
    const attempt = takeNamed(given, attemptNames, "deny");
    const code = word(attempt.code) ?? othersCode;
    this.#parts.counter.add(1, { code: codePattern.test(code) ? code : othersCode });
    if (id === undefined) return;
    let waiting = this.#waiting.get(id);
    if (waiting === undefined) {
      // An attack on very many tenants at once is in the counter.
      if (this.#waiting.size >= denialTenantsMax) return;
      waiting = { kinds: new Map(), others: 0 };
      this.#waiting.set(id, waiting);
    }
    const [subject, requestId] = [isSubject(attempt.subject) ? attempt.subject : undefined, word(attempt.requestId)];
    const [operation, entity] = [word(attempt.operation), word(attempt.entity)];
    const kind = JSON.stringify([code, subject, operation, entity]);
    const known = waiting.kinds.get(kind);
    if (known !== undefined) known.count++;
    else if (waiting.kinds.size >= denialEntriesMax) waiting.others++;
    else {
      const copy = { code, subject, requestId, operation, entity };
      waiting.kinds.set(kind, { attempt: copy, at: this.#parts.clock.now(), count: 1 });
    }
    this.#stopTimer ??= this.#parts.clock.after(denialWindowMs, this.#flushLater);
  }

  /** Whether there is something to write. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Writes what waits; resolves when that is done, or was given up. */
  flush(): Promise<void> {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#flushing = this.#flushing.then(async () => {
      const waiting = this.#waiting;
      this.#waiting = new Map();
      for (const [id, one] of waiting) {
        try {
          await this.#write(id, one);
        } catch (err) {
          this.#parts.logger.warn({ tenant: id, err }, "denied attempts could not be written to the audit trail");
        }
      }
    });
    return this.#flushing;
  }

  /** One transaction. A tenant that does not exist has no trail: what was tried on it stays in the counter. */
  #write(id: TenantId, { kinds, others }: Waiting): Promise<void> {
    return this.#parts.control.apart(
      async (transaction) => {
        const tenant = await transaction.getTenant(id);
        if (tenant === undefined) return;
        const isErased = tenant.state === "erased";
        const own = transaction.actAsTenant(id);
        const key = isErased ? undefined : await perform(own, this.#keys.of(tenant, own, auditSecretKey()));
        const trail = transaction.trailOf(tenant);
        let part = 0;
        const add = ({ code, subject, requestId, operation, entity }: DeniedAttempt, at: number, count: number): void =>
          trail.setVersionstampedKey(
            newEntryKey(part++),
            encodeEntry({
              kind: "denial",
              at,
              subject: subject === undefined ? undefined : key?.sealSubject(subject),
              request: requestId === undefined ? undefined : key?.seal("request", requestId),
              operation,
              code,
              entity,
              count,
            }),
          );
        for (const { attempt, at, count } of kinds.values()) add(attempt, at, count);
        if (others > 0) add({ code: othersCode }, this.#parts.clock.now(), others);
      },
      { ...callTerms("denyAudit"), deadline: 5_000 },
    );
  }
}
