/** What somebody may have meant who wrote a name that is none. */

/** One mistake in this many characters is taken for a slip, and one in any name. */
const charsPerSlip = 3;

/** The name with the fewest slips between it and `written`, letter case apart; undefined when all have too many. */
export function nearestName(written: string, names: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const slips = distance(written.toLowerCase(), name.toLowerCase());
    const most = Math.max(1, Math.floor(Math.max(name.length, written.length) / charsPerSlip));
    if (slips <= most && slips < fewest) {
      nearest = name;
      fewest = slips;
    }
  }
  return nearest;
}

/** Characters put in, left out or replaced, and neighbours exchanged, between two texts. */
function distance(from: string, to: string): number {
  let above: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const exchanged =
        i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1] ? (above[j - 2] ?? 0) + 1 : replaced;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced, exchanged));
    }
    above = row;
    row = next;
  }
  return row[to.length] ?? 0;
}
