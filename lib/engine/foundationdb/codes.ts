/** The port's names for atomic operations, streaming modes and transaction options, as the C API's numbers. */
import type { MutationType, StreamingMode as NativeStreamingMode } from "foundationdb/dist/lib/opts.g.js";
import type { AtomicOp } from "../atomic-op.js";
import type { StreamingMode } from "../engine.js";
import type { EngineOption } from "../option.js";

/** How the C API takes the value of an option: none at all, 8 bytes little-endian, or the bytes of a string. */
export type OptionValueType = "none" | "int" | "string" | "bytes";

export interface OptionCode {
  readonly code: number;
  readonly type: OptionValueType;
}

export const mutationCodes = {
  add: 2,
  bitAnd: 6,
  bitOr: 7,
  bitXor: 8,
  appendIfFits: 9,
  max: 12,
  min: 13,
  setVersionstampedKey: 14,
  setVersionstampedValue: 15,
  byteMin: 16,
  byteMax: 17,
  compareAndClear: 20,
} as const satisfies Record<AtomicOp, MutationType>;

export const streamingModeCodes = {
  wantAll: -2,
  iterator: -1,
  exact: 0,
  small: 1,
  medium: 2,
  large: 3,
  serial: 4,
} as const satisfies Record<StreamingMode, NativeStreamingMode>;

/** `readPriority…` came with client 7.3; an older client answers 2007. */
export const transactionOptionCodes: Readonly<Record<EngineOption, OptionCode>> = {
  causalWriteRisky: { code: 10, type: "none" },
  causalReadRisky: { code: 20, type: "none" },
  nextWriteNoWriteConflictRange: { code: 30, type: "none" },
  readYourWritesDisable: { code: 51, type: "none" },
  prioritySystemImmediate: { code: 200, type: "none" },
  priorityBatch: { code: 201, type: "none" },
  debugTransactionIdentifier: { code: 403, type: "string" },
  logTransaction: { code: 404, type: "none" },
  transactionLoggingMaxFieldLength: { code: 405, type: "int" },
  serverRequestTracing: { code: 406, type: "none" },
  timeout: { code: 500, type: "int" },
  retryLimit: { code: 501, type: "int" },
  maxRetryDelay: { code: 502, type: "int" },
  sizeLimit: { code: 503, type: "int" },
  readPriorityLow: { code: 510, type: "none" },
  readPriorityHigh: { code: 511, type: "none" },
  snapshotRywEnable: { code: 600, type: "none" },
  snapshotRywDisable: { code: 601, type: "none" },
  tag: { code: 800, type: "string" },
  autoThrottleTag: { code: 801, type: "string" },
  bypassUnreadable: { code: 1100, type: "none" },
  useGrvCache: { code: 1101, type: "none" },
};
