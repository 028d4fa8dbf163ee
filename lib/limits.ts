/** Every bound of the library, unit last in the name, each with its source. */

/** Longest physical key, on every engine, so that data can always move between engines. */
export const keyBytesMax = 1_900;

/** Largest value of one key: FoundationDB's bound (error 2103). */
export const valueBytesMax = 100_000;

/** Largest transaction, mutations and conflict ranges together: FoundationDB's bound (error 2101). */
export const transactionBytesMax = 10_000_000;

/** Age at which a read version is refused: FoundationDB's window (error 1007). */
export const readVersionAgeMaxMs = 5_000;

/** Watches one open engine holds at most: FoundationDB's default (error 1032). */
export const watchesMax = 10_000;

/** Longest entity name, in UTF-8 bytes. */
export const entityNameBytesMax = 64;
