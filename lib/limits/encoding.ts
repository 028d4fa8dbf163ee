/** Bounds of encoded tuples and values. */
import { valueBytesMax } from "./engine.js";

/** Longest packed tuple: the largest value of a key, since a tuple may be stored as one. */
export const tupleBytesMax = valueBytesMax;

/** Elements of a database's root: ours, far above use. */
export const rootElementsMax = 100;

/** How deep tuples nest: ours, far above use, so that no stack overflows on hostile bytes. */
export const tupleDepthMax = 32;

/** Longest integer of a tuple: FoundationDB's tuple layer has one byte for its length. */
export const tupleIntegerBytesMax = 255;

/** How deep a stored value may nest: ours, far above use, so that no stack overflows on cycles or hostile bytes. */
export const valueDepthMax = 64;

/** Payload up to which the strings of a record may share one text in memory: keeping one field keeps that text. */
export const sharedTextBytesMax = 1_024;

/** Characters of an unknown option's name that its error tells: far more than the longest name there is. */
export const optionNameCharsMax = 64;
