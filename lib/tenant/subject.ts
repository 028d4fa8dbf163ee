/** Subjects: whom a call is for, as text that is compared and as bytes that stand in keys. */
import { createHash } from "node:crypto";

/** The first sixteen bytes of a SHA-256: a subject may be long, and need not be read in a key. */
export const subjectDigest = (subject: string): Uint8Array =>
  new Uint8Array(createHash("sha256").update(subject).digest().subarray(0, 16));
