/** Which optional fields a record has: a bit each, in masks before the fields. */
import type { LayoutField, LayoutShape } from "./layout.js";

/** Bits of one mask: all of them fit a small integer. */
export const maskBits = 28;

/**
 * How many masks an object begins with. One without any field has an empty one, so that every value takes a byte at
 * least: what bounds the counts a reader believes.
 */
export const maskCount = ({ fields, open }: LayoutShape): number =>
  fields.length === 0 && !open ? 1 : Math.ceil(optionalNames(fields).length / maskBits);

/** The optional fields' names, in the order of their bits. */
export const optionalNames = (fields: readonly LayoutField[]): string[] =>
  fields.filter((field) => field.optional).map((field) => field.name);
