/** Subjects: whom a call or a page is for, as text that is compared and as bytes that stand in keys. */
import { createHash } from "node:crypto";
import { tenantryError } from "../errors/index.js";
import { tenantContextTextBytesMax } from "../limits/index.js";
import { isBoundedText } from "./bounded-text.js";

/**
 * Whether a value can name a subject: well-formed text of 1 to `tenantContextTextBytesMax` bytes without U+0000, so that
 * two that differ are told apart wherever they are stored, sealed or written down.
 */
export const isSubject = (value: unknown): value is string =>
  isBoundedText(value, tenantContextTextBytesMax) && !value.includes("\0");

/** Why something is no subject. */
export const subjectRule = `not well-formed text of 1 to ${tenantContextTextBytesMax} bytes without U+0000`;

/** Whom a page is for. @throws TENANT_CONTEXT_INVALID */
export function assertPrincipal(principal: unknown): asserts principal is string | undefined {
  if (principal !== undefined && !isSubject(principal)) {
    throw tenantryError("TENANT_CONTEXT_INVALID", { part: "principal" });
  }
}

/** The first sixteen bytes of a SHA-256: a subject may be long, and need not be read in a key. */
export const subjectDigest = (subject: string): Uint8Array =>
  new Uint8Array(createHash("sha256").update(subject).digest().subarray(0, 16));
