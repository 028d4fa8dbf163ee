/** The codec of one record layout: a record's bytes, envelope and payload, both ways. */
import { tenantryError } from "../errors/index.js";
import { compileLayout } from "./compile.js";
import {
  type Envelope,
  envelopeBytesMax,
  flagAscii,
  flagSealed,
  type OpenedEnvelope,
  readEnvelope,
  writeEnvelope,
} from "./envelope.js";
import { layoutFingerprint, type RecordLayout } from "./layout.js";
import { type ReadValue, ValueReader } from "./payload/reader.js";
import { Refusal } from "./payload/refusal.js";
import { ValueWriter, type WriteValue } from "./payload/writer.js";

/** What {@link RecordCodec.decode} returns. */
export interface DecodedRecord {
  readonly record: object;
  readonly revision: number;
  /** The entity's version at the time of writing: this layout's or an older one. */
  readonly schemaVersion: number;
  readonly expiresAt: number | undefined;
}

// Idle ones are kept; a getter inside a value that encodes something itself gets another.
const idleWriters: ValueWriter[] = [];
const reader = new ValueReader();
const head = new Uint8Array(envelopeBytesMax);

/** Encodes and decodes the records of one layout. */
export class RecordCodec {
  readonly layout: RecordLayout;
  /** The entity's version this layout belongs to. */
  readonly schemaVersion: number;
  /** What rows name this layout by. */
  readonly fingerprint: number;
  readonly #write: WriteValue;
  readonly #read: ReadValue;

  constructor(layout: RecordLayout, schemaVersion: number, options?: { readonly generate?: boolean | undefined }) {
    this.layout = layout;
    this.schemaVersion = schemaVersion;
    this.fingerprint = layoutFingerprint(layout);
    const { write, read } = compileLayout(layout, options?.generate);
    this.#write = write;
    this.#read = read;
  }

  /**
   * The bytes of a record.
   *
   * @throws VALUE_UNSUPPORTED with the path of a value that would not come back equal.
   */
  encode(record: object, revision: number, expiresAt?: number | undefined): Uint8Array {
    const writer = idleWriters.pop() ?? new ValueWriter();
    try {
      // A reader takes no integer that is not safe.
      if (!Number.isSafeInteger(revision)) writer.refuse("lastRevision");
      writer.start();
      this.#write(writer, record);
      const { fingerprint, schemaVersion } = this;
      const flags = writer.ascii ? flagAscii : 0;
      return writer.finish(head, writeEnvelope(head, { flags, fingerprint, schemaVersion, revision, expiresAt }));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw tenantryError("VALUE_UNSUPPORTED", { path: error.path, reason: error.reason });
    } finally {
      idleWriters.push(writer);
    }
  }

  /**
   * The record in the bytes from `begin` to `end`; it shares no memory with them.
   *
   * @throws VALUE_LAYOUT_UNKNOWN or VALUE_VERSION_NEWER when the bytes have another layout, VALUE_SEALED when they were
   * not unsealed, VALUE_FORMAT_UNKNOWN or VALUE_CORRUPT when they are not a record of this library.
   */
  decode(bytes: Uint8Array, begin = 0, end = bytes.length): DecodedRecord {
    const envelope = readEnvelope(bytes, begin, end);
    if (envelope.fingerprint !== this.fingerprint || envelope.schemaVersion > this.schemaVersion) {
      throw layoutUnknown(envelope, this.schemaVersion);
    }
    return this.#open(envelope, bytes, end);
  }

  /**
   * As {@link decode}; undefined for a record of another layout, or of another version of the entity.
   *
   * @throws VALUE_SEALED, VALUE_FORMAT_UNKNOWN or VALUE_CORRUPT as `decode` does.
   */
  decodeOwn(bytes: Uint8Array, begin = 0, end = bytes.length): DecodedRecord | undefined {
    const envelope = readEnvelope(bytes, begin, end);
    const own = envelope.fingerprint === this.fingerprint && envelope.schemaVersion === this.schemaVersion;
    return own ? this.#open(envelope, bytes, end) : undefined;
  }

  /** A record of the same bytes as another that has nothing in common with it. @throws VALUE_UNSUPPORTED */
  copy(record: object): object {
    return this.decode(this.encode(record, 1)).record;
  }

  #open(envelope: OpenedEnvelope, bytes: Uint8Array, end: number): DecodedRecord {
    if ((envelope.flags & flagSealed) !== 0) throw tenantryError("VALUE_SEALED", {});
    const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const ascii = (envelope.flags & flagAscii) !== 0;
    const { revision, schemaVersion, expiresAt } = envelope;
    try {
      reader.start(buffer, envelope.payload, end, ascii);
      const record = this.#read(reader);
      reader.finish();
      if (typeof record !== "object" || record === null) return reader.corrupt("record");
      return { record, revision, schemaVersion, expiresAt };
    } finally {
      reader.release();
    }
  }
}

/** The error for a row whose layout is not the one at hand. */
export function layoutUnknown({ schemaVersion, fingerprint }: Envelope, supported: number): Error {
  return schemaVersion > supported
    ? tenantryError("VALUE_VERSION_NEWER", { schemaVersion, supported })
    : tenantryError("VALUE_LAYOUT_UNKNOWN", { schemaVersion, fingerprint: fingerprint.toString(16).padStart(8, "0") });
}
