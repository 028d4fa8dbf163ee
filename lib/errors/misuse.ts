/** Sentences of the compiler's: types that nothing has, to be read where a program does not compile. */

declare const misuse: unique symbol;

/**
 * What stands in place of a type where a definition cannot work. No value has it, so the definition does not compile,
 * and the compiler's message has the sentence.
 *
 * @example
 * ```ts
 * import type { Misuse } from "tenantry";
 * type Positive<N extends number> = `${N}` extends `-${string}` ? Misuse<"an amount is above 0"> : N;
 * const amount: Positive<5> = 5;
 * ```
 */
export interface Misuse<Sentence extends string> {
  readonly [misuse]: Sentence;
}
