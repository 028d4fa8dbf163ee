/** How far a copy has come, in a form that can be kept in a file and taken up by another process. */
import { tenantryError } from "../../errors/index.js";
import { optionNames, takeNamed } from "../../options/index.js";
import type { Range } from "./rows.js";

/**
 * Where a copy stands; plain JSON. It names keys, so keep it as safe as the data.
 *
 * @example
 * ```ts
 * import { readFileSync } from "node:fs";
 * import { type CopyCheckpoint, copy, type Engine } from "tenantry/engine";
 * declare const from: Engine;
 * declare const to: Engine;
 * const resumeFrom: CopyCheckpoint = JSON.parse(readFileSync("copy.json", "utf8"));
 * await copy({ from, to, resumeFrom });
 * ```
 */
export interface CopyCheckpoint {
  readonly format: 1;
  /** The range that is copied, in hexadecimal. */
  readonly begin: string;
  readonly end: string;
  /** Everything before this key is in the target; absent once all is, and only verifying is left. */
  readonly copiedTo?: string | undefined;
}

const checkpointNames = optionNames<CopyCheckpoint>({ format: true, begin: true, end: true, copiedTo: true });

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const hexPattern = /^(?:[0-9a-f]{2})*$/;

export function checkpointOf(range: Range, copiedTo: Uint8Array | undefined): CopyCheckpoint {
  const bounds = { format: 1 as const, begin: hex(range.begin), end: hex(range.end) };
  return copiedTo === undefined ? bounds : { ...bounds, copiedTo: hex(copiedTo) };
}

/** The key copying goes on from; undefined when only verifying is left. Throws `COPY_CHECKPOINT_INVALID`. */
export function resumeKey(checkpoint: CopyCheckpoint, range: Range): Uint8Array | undefined {
  const { format, begin, end, copiedTo } = takeNamed(checkpoint, checkpointNames, "copy checkpoint");
  if (format !== 1) throw tenantryError("COPY_CHECKPOINT_INVALID", { reason: "its format is unknown" });
  if (begin !== hex(range.begin) || end !== hex(range.end)) {
    throw tenantryError("COPY_CHECKPOINT_INVALID", { reason: "it is of another range" });
  }
  if (copiedTo === undefined) return undefined;
  if (typeof copiedTo !== "string" || !hexPattern.test(copiedTo) || copiedTo < begin || copiedTo > end) {
    throw tenantryError("COPY_CHECKPOINT_INVALID", { reason: "its key is not in the range" });
  }
  return Uint8Array.from(Buffer.from(copiedTo, "hex"));
}
