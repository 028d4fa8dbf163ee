/** The record layout: which field names and nested objects a record has, kept once per entity and not in its rows. */
import { createHash } from "node:crypto";

/** Kinds of values that a row tells apart by itself. */
export type ScalarKind = "string" | "number" | "bigint" | "boolean" | "date" | "bytes";

/**
 * How one value is laid out. A `value` describes itself in the row, field names and all; a `shape` is an object whose
 * field names the layout knows.
 */
export type LayoutNode =
  | {
      readonly kind: "value";
      /** The one kind its values have: rows of a field that changes its kind do not pass for the new one. */
      readonly of?: ScalarKind | undefined;
    }
  | {
      readonly kind: "shape";
      /** The object's place in {@link RecordLayout.shapes}. */
      readonly shape: number;
      /** Whether null or undefined may stand in its place. */
      readonly maybe: boolean;
    }
  | { readonly kind: "list"; readonly item: LayoutNode }
  /** An object whose names are data and whose values are alike. */
  | { readonly kind: "record"; readonly item: LayoutNode };

/** A field of an object. */
export interface LayoutField {
  readonly name: string;
  /** Whether it may be absent. */
  readonly optional: boolean;
  /** Whether it may be null: for comparing definitions. Rows tell null by themselves, so it names no other layout. */
  readonly nullable?: boolean | undefined;
  readonly node: LayoutNode;
}

/** An object the definition names the fields of. */
export interface LayoutShape {
  readonly fields: readonly LayoutField[];
  /** Whether it may hold further fields; they are stored with their names. */
  readonly open: boolean;
}

/**
 * The layout of an entity's records: a pure function of its definition, plain data. Shape 0 is the record itself;
 * shapes refer to each other by number, so that a recursive schema has a layout too.
 */
export interface RecordLayout {
  /** The entity's name: no row decodes under another entity's layout. */
  readonly entity: string;
  readonly shapes: readonly LayoutShape[];
}

const nodeText = (node: LayoutNode): unknown => {
  if (node.kind === "value") return node.of ?? "v";
  if (node.kind === "shape") return [node.maybe ? "m" : "s", node.shape];
  return [node.kind === "list" ? "l" : "r", nodeText(node.item)];
};

/** The first four bytes of the layout's SHA-256, as a number: what a row names its layout by. */
export function layoutFingerprint(layout: RecordLayout): number {
  const shapes = layout.shapes.map((shape) => [
    shape.open,
    shape.fields.map((field) => [field.name, field.optional, nodeText(field.node)]),
  ]);
  const text = JSON.stringify(["layout", 1, layout.entity, shapes]);
  return createHash("sha256").update(text).digest().readUInt32BE();
}
