/** What a zod schema stores: its record layout, whether codecs are in it, and a refusal of what cannot be stored. */
import type * as core from "zod/v4/core";
import type { LayoutField, LayoutNode, LayoutShape } from "../../value/index.js";
import { accepts } from "./acceptance.js";
import { isAsync, refuseChecks } from "./check.js";
import { keyTypeOf } from "./key-kind.js";
import { innerOfLazy } from "./lazy.js";
import type { DefinitionPlace } from "./place.js";

const open: LayoutNode = { kind: "value" };

/** The layout of a value that is of one kind; an integer is a number as any, so that it may become one. */
function scalar(schema: core.$ZodType): LayoutNode {
  const kind = keyTypeOf(schema)?.kind;
  return { kind: "value", of: kind === "integer" ? "number" : kind };
}

/** How deep a definition may nest: ours, so that a getter making ever new schemas ends in an error. */
const definitionDepthMax = 100;

/** Walks a schema once; collects the shapes of its objects, the first one being the schema's own. */
export class StorageWalk {
  readonly shapes: LayoutShape[] = [];
  /** The fields' schemas of each of the shapes. */
  readonly objects: Readonly<Record<string, core.$ZodType>>[] = [];
  /** Whether what is walked is stored; the output side of a codec is not, and may be of any class. */
  readonly #stored: boolean;
  #outputs: StorageWalk | undefined;
  readonly #shapeOf = new Map<core.$ZodType, number>();
  readonly #parts = new Map<core.$ZodType, core.$ZodType[]>();
  readonly #codecs = new Set<core.$ZodType>();
  /** The schemas one is inside of. */
  readonly #within: core.$ZodType[] = [];

  constructor(stored = true) {
    this.#stored = stored;
  }

  /** Whether a codec is in a schema walked before, or is it. */
  hasCodec(schema: core.$ZodType): boolean {
    const reached = new Set([schema]);
    for (const part of reached) {
      if (this.#codecs.has(part)) return true;
      for (const inner of this.#parts.get(part) ?? []) reached.add(inner);
    }
    return false;
  }

  /** The layout of a schema's stored side; refuses what cannot be stored. */
  walk(schema: core.$ZodType, place: DefinitionPlace): LayoutNode {
    const outer = this.#within.at(-1);
    if (outer !== undefined) this.#parts.get(outer)?.push(schema);
    const { def } = (schema as core.$ZodTypes)._zod;
    refuseChecks(schema, place);
    const before = this.#shapeOf.get(schema);
    if (before !== undefined) return { kind: "shape", shape: before, maybe: false };
    // Recursion that does not go through an object has no layout: it describes itself in the row.
    if (this.#within.includes(schema)) return open;
    if (this.#within.length >= definitionDepthMax) return place.refuse("tooDeep");
    this.#within.push(schema);
    this.#parts.set(schema, []);
    const layout = def.type === "object" ? this.#object(schema, def, place) : this.#other(schema, place);
    this.#within.pop();
    return layout;
  }

  #object(schema: core.$ZodType, def: core.$ZodObjectDef, place: DefinitionPlace): LayoutNode {
    const shape = this.shapes.length;
    this.#shapeOf.set(schema, shape);
    // Until its fields are walked, the object stands in its own place.
    this.shapes.push({ fields: [], open: false });
    this.objects.push(def.shape);
    const fields = Object.entries(def.shape).map(([name, field]): LayoutField => {
      if (name === "__proto__") place.field(name).refuse("nameOfThePrototype");
      const node = this.walk(field, place.field(name));
      const optional = field._zod.optout !== undefined;
      return { name, optional, nullable: accepts(field, "null"), node: optional ? maybe(node) : node };
    });
    if (def.catchall !== undefined) this.walk(def.catchall, place.item("*"));
    this.shapes[shape] = { fields, open: def.catchall !== undefined && def.catchall._zod.def.type !== "never" };
    return { kind: "shape", shape, maybe: false };
  }

  /** Walks parts whose values describe themselves in the row. */
  #open(parts: readonly (core.$ZodType | null | undefined)[], place: DefinitionPlace): LayoutNode {
    parts.forEach((part, index) => {
      if (part) this.walk(part, place.item(index));
    });
    return open;
  }

  #other(schema: core.$ZodType, place: DefinitionPlace): LayoutNode {
    const { def } = (schema as core.$ZodTypes)._zod;
    switch (def.type) {
      case "string":
      case "number":
      case "boolean":
      case "bigint":
      case "date":
        return "coerce" in def && def.coerce === true ? place.refuse("coerce") : scalar(schema);
      case "enum":
      case "template_literal":
      case "literal":
        return scalar(schema);
      case "null":
      case "undefined":
      case "void":
      case "never":
      case "any":
      case "unknown":
        return open;
      case "optional":
      case "nullable":
        return maybe(this.walk(def.innerType, place));
      case "nonoptional":
      case "default":
      case "prefault":
      case "catch":
        return this.walk(def.innerType, place);
      case "readonly":
        // zod freezes what is readonly, and JavaScript cannot freeze bytes.
        return keyTypeOf(def.innerType)?.kind === "bytes"
          ? place.refuse("readonlyBytes")
          : this.walk(def.innerType, place);
      case "lazy":
        return this.walk(innerOfLazy(schema, def), place);
      case "pipe":
        return this.#pipe(schema, def, place);
      case "array":
        return { kind: "list", item: this.walk(def.element, place.item("")) };
      case "record":
        this.walk(def.keyType, place.item("key"));
        return { kind: "record", item: maybe(this.walk(def.valueType, place.item("value"))) };
      case "tuple":
        return this.#open([...def.items, def.rest], place);
      case "union":
        return this.#open(def.options, place);
      case "intersection":
        return this.#open([def.left, def.right], place);
      case "map":
        return this.#open([def.keyType, def.valueType], place);
      case "set":
        return this.#open([def.valueType], place);
      case "custom":
        return !this.#stored || storableClasses.includes(schema._zod.bag["Class"])
          ? scalar(schema)
          : place.refuse("class");
      case "transform":
      case "success":
      case "promise":
        return place.refuse(def.type === "promise" ? "promise" : "oneWayTransform");
      default:
        return this.#stored ? place.refuse(unstorable[def.type] ?? "unsupportedType") : open;
    }
  }

  #pipe(schema: core.$ZodType, def: core.$ZodPipeDef, place: DefinitionPlace): LayoutNode {
    const from = this.walk(def.in, place);
    if (def.reverseTransform !== undefined) {
      // Kept for all codecs, so that a codec in its own output ends.
      this.#outputs ??= this.#stored ? new StorageWalk(false) : this;
      this.#outputs.walk(def.out, place);
      if (isAsync(def.transform) || isAsync(def.reverseTransform)) return place.refuse("asyncCodec");
      this.#codecs.add(schema);
      return from;
    }
    const to = this.walk(def.out, place);
    // Without a codec on the way in, the value is the same on both sides, and the later side is the narrower.
    return this.hasCodec(def.in) ? from : to;
  }
}

const unstorable: Readonly<Record<string, string>> = {
  function: "function",
  symbol: "symbol",
  file: "class",
  nan: "nan",
};

/** `undefined` is z.custom's: like z.unknown, its values are checked when they are written. */
const storableClasses: readonly unknown[] = [undefined, Uint8Array, Date, Map, Set, Array, Object];

/** The layout with null and undefined allowed in its place. */
function maybe(layout: LayoutNode): LayoutNode {
  return layout.kind === "shape" && !layout.maybe ? { ...layout, maybe: true } : layout;
}
