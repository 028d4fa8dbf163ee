/** The type codes of FoundationDB's tuple layer (`design/tuple.md` of apple/foundationdb): stored, so never changed. */

export const CODE_NULL = 0x00;
export const CODE_BYTES = 0x01;
export const CODE_STRING = 0x02;
export const CODE_NESTED = 0x05;
/** A negative integer of 9 to 255 bytes; those of 8 to 1 bytes follow, 0x0c to 0x13. */
export const CODE_INTEGER_MIN = 0x0b;
export const CODE_INTEGER_ZERO = 0x14;
/** A positive integer of 9 to 255 bytes; those of 1 to 8 bytes come before it, 0x15 to 0x1c. */
export const CODE_INTEGER_MAX = 0x1d;
export const CODE_FLOAT = 0x20;
export const CODE_DOUBLE = 0x21;
export const CODE_FALSE = 0x26;
export const CODE_TRUE = 0x27;
export const CODE_UUID = 0x30;
export const CODE_VERSIONSTAMP = 0x33;

/** Follows a zero byte that belongs to the element, in byte strings, text and nested tuples. */
export const ESCAPE = 0xff;

/** Bytes of a commit in a versionstamp, and of the user's order after it. */
export const STAMP_BYTES = 10;
export const USER_VERSION_BYTES = 2;
export const UUID_BYTES = 16;

/** The one NaN there is: NaNs of other bits would be several keys for one element. */
export const NAN_DOUBLE_HIGH = 0x7ff80000;
export const NAN_FLOAT = 0x7fc00000;
