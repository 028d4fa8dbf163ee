/** Tampering: texts that were sealed or signed, changed a little. */

/** A text with one character changed for another of its alphabet. */
export function tampered(text: string, place: number): string {
  const at = place % text.length;
  return `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`;
}
