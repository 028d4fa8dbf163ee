/** A digest of rows in key order: what two engines that hold the same data agree on. */
import { createHash, type Hash } from "node:crypto";
import type { Row } from "./rows.js";

export class RowDigest {
  readonly #hash: Hash = createHash("sha256");
  readonly #lengths = Buffer.alloc(8);
  rows = 0;
  bytes = 0;

  /** Adds one row: the lengths of key and value (4 bytes each, big-endian), then both. */
  add([key, value]: Row): void {
    this.#lengths.writeUInt32BE(key.length, 0);
    this.#lengths.writeUInt32BE(value.length, 4);
    this.#hash.update(this.#lengths).update(key).update(value);
    this.rows += 1;
    this.bytes += key.length + value.length;
  }

  /** SHA-256, in hexadecimal; nothing can be added after. */
  finish(): string {
    return this.#hash.digest("hex");
  }
}
