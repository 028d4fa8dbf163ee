/** The MessagePack tags a stored payload may hold, and the extension types for what MessagePack has no tag for. */

export const TAG_MAP = 0x80;
export const TAG_ARRAY = 0x90;
export const TAG_STRING = 0xa0;
export const TAG_NULL = 0xc0;
export const TAG_FALSE = 0xc2;
export const TAG_TRUE = 0xc3;
export const TAG_BYTES_8 = 0xc4;
export const TAG_BYTES_16 = 0xc5;
export const TAG_BYTES_32 = 0xc6;
export const TAG_EXTENSION_8 = 0xc7;
export const TAG_EXTENSION_16 = 0xc8;
export const TAG_EXTENSION_32 = 0xc9;
export const TAG_FLOAT_32 = 0xca;
export const TAG_FLOAT_64 = 0xcb;
export const TAG_UINT_8 = 0xcc;
export const TAG_UINT_16 = 0xcd;
export const TAG_UINT_32 = 0xce;
export const TAG_UINT_64 = 0xcf;
export const TAG_INT_8 = 0xd0;
export const TAG_INT_16 = 0xd1;
export const TAG_INT_32 = 0xd2;
export const TAG_INT_64 = 0xd3;
export const TAG_FIXED_1 = 0xd4;
export const TAG_FIXED_2 = 0xd5;
export const TAG_FIXED_4 = 0xd6;
export const TAG_FIXED_8 = 0xd7;
export const TAG_FIXED_16 = 0xd8;
export const TAG_STRING_8 = 0xd9;
export const TAG_STRING_16 = 0xda;
export const TAG_STRING_32 = 0xdb;
export const TAG_ARRAY_16 = 0xdc;
export const TAG_ARRAY_32 = 0xdd;
export const TAG_MAP_16 = 0xde;
export const TAG_MAP_32 = 0xdf;
export const TAG_NEGATIVE = 0xe0;

/** Whether a tag is that of a 64-bit float or of an unsigned integer, which follow one another. */
export const isPlainNumber = (code: number): boolean => code >= TAG_FLOAT_64 && code <= TAG_UINT_64;

/** `undefined`, as msgpackr writes it: one zero byte. */
export const EXTENSION_UNDEFINED = 0x00;
/** A bigint, as msgpackr writes it: two's complement, most significant byte first. */
export const EXTENSION_BIGINT = 0x42;
/** A Map: a MessagePack map of its entries. */
export const EXTENSION_MAP = 0x4d;
/** A Set: a MessagePack array of its members. */
export const EXTENSION_SET = 0x53;
/** A Date: MessagePack's own timestamp (type −1). */
export const EXTENSION_DATE = 0xff;
