/** Lines out of whatever a source gives: texts, each of whole lines, or bytes cut anywhere. */

import { tenantryError } from "../../errors/index.js";
import { importLineBytesMax } from "../../limits/index.js";
import type { ImportSource } from "../interface/transfer.js";
import { chunksOf } from "./chunks.js";

/** A line of an import, counted from 1, without its newline. */
export interface NumberedLine {
  readonly number: number;
  readonly text: string;
}

/** The error for a line. */
export const lineInvalid = (line: number, reason: string, entity?: string, options?: ErrorOptions): Error =>
  tenantryError("IMPORT_LINE_INVALID", { line, reason, entity }, options);

const newline = 0x0a;
const byteOrderMark = "\ufeff";

class LineCutter {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #parts: Uint8Array[] = [];
  #bytes = 0;
  /** Lines so far. */
  #count = 0;

  /** The lines that a chunk ends. */
  *cut(chunk: string | Uint8Array): Generator<NumberedLine> {
    if (typeof chunk === "string") {
      yield* this.end();
      let begin = 0;
      do {
        const at = chunk.indexOf("\n", begin);
        const end = at < 0 ? chunk.length : at;
        yield this.#text(chunk.slice(begin, end));
        begin = end + 1;
      } while (begin < chunk.length);
      return;
    }
    let from = 0;
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      this.#keep(chunk.subarray(from, at));
      yield this.#line();
      from = at + 1;
    }
    this.#keep(chunk.subarray(from));
  }

  /** The line that no newline ended. */
  *end(): Generator<NumberedLine> {
    if (this.#bytes > 0) yield this.#line();
  }

  #keep(part: Uint8Array): void {
    this.#bytes += part.length;
    if (this.#bytes > importLineBytesMax) throw lineInvalid(this.#count + 1, "tooLong");
    if (part.length > 0) this.#parts.push(part);
  }

  #line(): NumberedLine {
    const bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    let text: string;
    try {
      text = this.#decoder.decode(bytes);
    } catch (cause) {
      throw lineInvalid(this.#count + 1, "notUtf8", undefined, { cause });
    }
    return this.#text(text);
  }

  #text(line: string): NumberedLine {
    this.#count += 1;
    if (line.length > importLineBytesMax) throw lineInvalid(this.#count, "tooLong");
    // Editors and tools of Windows put one before the first.
    const begin = this.#count === 1 && line.startsWith(byteOrderMark) ? byteOrderMark.length : 0;
    return { number: this.#count, text: line.slice(begin, line.endsWith("\r") ? -1 : undefined) };
  }
}

/** The lines of a source; empty ones are left out, and counted. @throws IMPORT_LINE_INVALID, IMPORT_SOURCE_INVALID */
export async function* linesOf(
  source: ImportSource,
  signal: AbortSignal | undefined,
): AsyncGenerator<NumberedLine, undefined, undefined> {
  const cutter = new LineCutter();
  const filled = ({ text }: NumberedLine): boolean => text.length > 0;
  for await (const chunk of chunksOf(source, signal)) {
    for (const line of cutter.cut(chunk)) if (filled(line)) yield line;
  }
  for (const line of cutter.end()) if (filled(line)) yield line;
  return undefined;
}
