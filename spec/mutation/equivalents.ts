/** Mutants that behave as the original does, each with the reason. */

/** One of them, found again by its text. */
export interface EquivalentMutant {
  readonly file: string;
  readonly original: string;
  readonly replacement: string;
  readonly reason: string;
}

export const equivalents: readonly EquivalentMutant[] = [];
