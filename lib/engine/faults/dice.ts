/** Reproducible chance: one stream of numbers per transaction, all from one seed. */

/**
 * A stream of numbers in [0, 1) that depends on `seed` and `stream` alone (SplitMix32). Each transaction draws from a
 * stream of its own, so what befalls it does not depend on how it is interleaved with others.
 */
export function dice(seed: number, stream: number): () => number {
  let state = mix((seed >>> 0) ^ mix(stream + 0x9e3779b9));
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    return mix(state) / 2 ** 32;
  };
}

function mix(value: number): number {
  let bits = value >>> 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
  return (bits ^ (bits >>> 15)) >>> 0;
}
