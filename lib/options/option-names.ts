/** The names of the options a method takes, complete for their type. */

/** The keys of an object type; of a union, those of all its members. */
export type KeysOf<O> = O extends unknown ? keyof O & string : never;

declare const exactly: unique symbol;

/** The names `N`, no more and no fewer; made by {@link optionNames}. */
export interface OptionNames<N extends string> {
  readonly all: readonly string[];
  has(name: string): boolean;
  /** Keeps the names of one type from standing in for those of another. */
  readonly [exactly]?: (name: N) => N;
}

/**
 * The names of all options of a type: leaving one out, or adding one, fails to compile.
 *
 * @example
 * const names = optionNames<CloseOptions>({ drainMs: true });
 */
export function optionNames<O extends object>(
  names: {
    readonly [K in KeysOf<O>]: true;
  },
): OptionNames<KeysOf<O>> {
  const all = Object.keys(names);
  const known: ReadonlySet<string> = new Set(all);
  return { all, has: (name) => known.has(name) };
}
