/** Which optional fields a record has: a bit each, in masks before the fields. */
import type { LayoutField } from "./layout.js";

/** Bits of one mask: all of them fit a small integer. */
export const maskBits = 28;

/** The optional fields' names, in the order of their bits. */
export const optionalNames = (fields: readonly LayoutField[]): string[] =>
  fields.filter((field) => field.optional).map((field) => field.name);
