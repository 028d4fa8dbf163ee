/** Random numbers that are the same in every run and for every candidate. */

/** Numbers from 0 up to 1, made from a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** `count` whole numbers from 0 up to `below`, with repetition. */
export function wholeNumbers(count: number, below: number, seed: number): number[] {
  const random = seeded(seed);
  return Array.from({ length: count }, () => Math.floor(random() * below));
}

/** `count` different whole numbers from 0 up to `below`. */
export function differentNumbers(count: number, below: number, seed: number): number[] {
  const random = seeded(seed);
  const chosen = new Set<number>();
  while (chosen.size < Math.min(count, below)) chosen.add(Math.floor(random() * below));
  return [...chosen];
}
