/** The call observer: what logs, metrics, traces and service levels are told of every call. */
import { catalogue, type ErrorFamily, knownCode } from "../../errors/index.js";
import {
  type Attributes,
  type Clock,
  type Counter,
  type Histogram,
  type Logger,
  type Meter,
  type ServiceLevels,
  type Span,
  silentLogger,
  silentMeter,
  silentTracer,
  type TenantLabels,
  type Tracer,
} from "../../observe/index.js";
import type { Call } from "../call/call.js";
import { emptyTally, type Tally } from "./tally.js";

/** Where it is told. */
export interface ObserverOptions {
  /** The engine's name, for spans. */
  readonly engine: string;
  readonly clock: Clock;
  readonly logger?: Logger | undefined;
  readonly meter?: Meter | undefined;
  readonly tracer?: Tracer | undefined;
  readonly tenantLabels?: TenantLabels | undefined;
  readonly serviceLevels?: ServiceLevels | undefined;
}

interface Instruments {
  readonly calls: Counter;
  readonly attempts: Counter;
  readonly conflicts: Counter;
  readonly rows: Counter;
  readonly bytesRead: Counter;
  readonly bytesWritten: Counter;
  readonly duration: Histogram;
}

const instrumentsOf = (meter: Meter): Instruments => ({
  calls: meter.createCounter("tenantry.transactions", {
    description: "Transactions that ended, by kind, outcome and tenant",
    unit: "{transaction}",
  }),
  attempts: meter.createCounter("tenantry.transaction.attempts", {
    description: "Attempts of transactions, by kind and tenant",
    unit: "{attempt}",
  }),
  conflicts: meter.createCounter("tenantry.transaction.conflicts", {
    description: "Attempts that lost to another transaction, by kind and tenant",
    unit: "{attempt}",
  }),
  rows: meter.createCounter("tenantry.rows.read", { description: "Rows read, by kind and tenant", unit: "{row}" }),
  bytesRead: meter.createCounter("tenantry.bytes.read", {
    description: "Bytes of keys and values read, by kind and tenant",
    unit: "By",
  }),
  bytesWritten: meter.createCounter("tenantry.bytes.written", {
    description: "Bytes of keys and values written, by kind and tenant",
    unit: "By",
  }),
  duration: meter.createHistogram("tenantry.transaction.duration", {
    description: "Time from a transaction's call to its end, waiting and all attempts included, by kind and tenant",
    unit: "ms",
  }),
});

/** Families of errors that are the service's fault and not its caller's. */
const serviceFaults: ReadonlySet<ErrorFamily> = new Set(["unavailable", "corrupt"]);

/** Codes of those families that are the caller's doing all the same. */
const callersDoing: ReadonlySet<string> = new Set(["TRANSACTION_ABORTED", "TENANT_BUSY"]);

const isServiceFault = (code: ReturnType<typeof knownCode>): boolean =>
  code !== "other" && serviceFaults.has(catalogue[code].family) && !callersDoing.has(code);

/** One call under observation. */
export interface ObservedCall {
  failed(error: unknown): void;
  end(tally: Tally): void;
}

const spanName = ({ kind, terms: { label } }: Call): string => {
  if (label.operation === undefined) return `tenantry.${kind}`;
  return label.entity === undefined ? label.operation : `${label.operation} ${label.entity}`;
};

/** Tells of calls; costs next to nothing where nobody listens. */
export class CallObserver {
  readonly #options: ObserverOptions;
  readonly #logger: Logger | undefined;
  readonly #instruments: Instruments | undefined;
  readonly #tracer: Tracer | undefined;

  constructor(options: ObserverOptions) {
    const { logger, meter, tracer } = options;
    this.#options = options;
    this.#logger = logger === silentLogger ? undefined : logger;
    this.#instruments = meter === undefined || meter === silentMeter ? undefined : instrumentsOf(meter);
    this.#tracer = tracer === silentTracer ? undefined : tracer;
  }

  /** Whether anybody wants to know. */
  get listens(): boolean {
    return (
      this.#logger !== undefined ||
      this.#instruments !== undefined ||
      this.#tracer !== undefined ||
      this.#options.serviceLevels !== undefined
    );
  }

  /** Begins to observe a call, which began at `begun` when it is over already; undefined when nobody wants to know. */
  begin(call: Call, begun?: number): ObservedCall | undefined {
    if (!this.listens) return undefined;
    const { serviceLevels, clock } = this.#options;
    const since = begun ?? clock.monotonic();
    const span = this.#tracer?.startSpan(spanName(call), this.#spanAttributes(call));
    let failure: string | undefined;
    let isFault = false;
    return {
      failed: (error) => {
        const code = knownCode(error);
        failure = code;
        isFault = isServiceFault(code);
      },
      end: (tally) => {
        const ms = clock.monotonic() - since;
        this.#endSpan(span, tally, failure);
        this.#measure(call, tally, ms, failure);
        if (call.tenantId !== undefined && (failure === undefined || isFault)) {
          serviceLevels?.record(call.tenantId, isFault ? "failed" : "served", ms);
        }
        this.#log(call, tally, ms, failure);
      },
    };
  }

  #spanAttributes({ kind, tenantId, terms: { label } }: Call): Attributes {
    return {
      "db.system.name": this.#options.engine,
      "db.operation.name": label.operation ?? kind,
      ...(label.entity === undefined ? {} : { "db.collection.name": label.entity }),
      ...(tenantId === undefined ? {} : { "tenantry.tenant": tenantId }),
    };
  }

  #endSpan(span: Span | undefined, { attempts, conflicts, rows }: Tally, failure: string | undefined): void {
    if (span === undefined) return;
    span.setAttributes({ "tenantry.attempts": attempts, "tenantry.conflicts": conflicts, "tenantry.rows": rows });
    if (failure !== undefined) span.fail(failure);
    span.end();
  }

  #measure({ kind, tenantId }: Call, tally: Tally, ms: number, failure: string | undefined): void {
    if (this.#instruments === undefined) return;
    const { tenantLabels } = this.#options;
    const tenant = tenantId === undefined || tenantLabels === undefined ? undefined : tenantLabels.labelOf(tenantId);
    const attributes = tenant === undefined ? { kind } : { kind, tenant };
    const { calls, attempts, conflicts, rows, bytesRead, bytesWritten, duration } = this.#instruments;
    calls.add(1, { ...attributes, outcome: failure ?? "done" });
    attempts.add(tally.attempts, attributes);
    if (tally.conflicts > 0) conflicts.add(tally.conflicts, attributes);
    if (tally.rows > 0) rows.add(tally.rows, attributes);
    if (tally.bytesRead > 0) bytesRead.add(tally.bytesRead, attributes);
    if (tally.bytesWritten > 0) bytesWritten.add(tally.bytesWritten, attributes);
    duration.record(ms, attributes);
  }

  #log({ kind, tenantId, terms }: Call, { attempts, rows }: Tally, ms: number, failure: string | undefined): void {
    if (this.#logger === undefined) return;
    const { entity, operation } = terms.label;
    const outcome = failure === undefined ? {} : { failure };
    this.#logger.debug({ tenant: tenantId, kind, entity, operation, attempts, rows, ms, ...outcome }, "transaction");
  }

  /** Tells of a call that was refused before it began. */
  refused(call: Call, error: unknown): void {
    const observed = this.begin(call);
    observed?.failed(error);
    observed?.end(emptyTally);
  }
}
