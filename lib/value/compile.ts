/** Turns a layout into a writer and a reader: generated functions, or interpreting ones where code may not be made. */
import { interpretReader, interpretWriter } from "./interpret.js";
import type { LayoutField, LayoutNode, LayoutShape, RecordLayout, ScalarKind } from "./layout.js";
import { setField } from "./payload/field.js";
import type { ReadValue } from "./payload/reader.js";
import { refusedAt } from "./payload/refusal.js";
import type { WriteValue } from "./payload/writer.js";
import { maskBits, maskCount, optionalNames } from "./presence.js";

/** The two directions of a layout. */
export interface CompiledLayout {
  readonly write: WriteValue;
  readonly read: ReadValue;
}

/** Generated code reaches nothing but its arguments. */
type Generated = (set: typeof setField, hasOwn: typeof Object.hasOwn, refused: typeof refusedAt) => CompiledLayout;

/** Field names only ever enter the code as JSON string literals. */
const literal = (name: string): string => JSON.stringify(name);

/** The reader's method for a value whose kind is known. What a row has is said by its tag all the same. */
const scalarReader = (of: ScalarKind | undefined): "text" | "number" | "value" =>
  of === "string" ? "text" : of === "number" ? "number" : "value";

class Generator {
  readonly #layout: RecordLayout;
  readonly #functions: string[] = [];

  constructor(layout: RecordLayout) {
    this.#layout = layout;
  }

  source(): string {
    this.#layout.shapes.forEach((shape, index) => {
      this.#functions.push(this.#shapeWriter(shape, index), this.#shapeReader(shape, index));
    });
    return `"use strict";\nconst wv = (w, v) => w.value(v), rv = (r) => r.value();\n${this.#functions.join("\n")}\nreturn { write: w0, read: r0 };`;
  }

  /** Reads each field once, into a variable, before anything is written of it. */
  #shapeWriter(shape: LayoutShape, index: number): string {
    const { fields, open } = shape;
    const lines = [`if (typeof v !== "object" || v === null) w.refuse("notAnObject");`, "w.enter();"];
    if (fields.length > 0) lines.push("const own = w.ownOnly;");
    const optional = optionalNames(fields);
    fields.forEach(({ name, optional: may }, at) => {
      const has = `hasOwn(v, ${literal(name)})`;
      const value = `v[${literal(name)}]`;
      if (name in Object.prototype) lines.push(`const p${at} = ${has}, v${at} = p${at} ? ${value} : undefined;`);
      else lines.push(`const v${at} = ${value}, p${at} = (own && v${at} !== undefined) || ${has};`);
      if (!may) lines.push(`if (!p${at}) w.refuse("missing");`);
    });
    for (let mask = 0; mask < maskCount(shape); mask++) {
      const names = optional.slice(mask * maskBits, (mask + 1) * maskBits);
      const bits = names.map((name, bit) => `(p${fields.findIndex((field) => field.name === name)} ? ${2 ** bit} : 0)`);
      lines.push(`w.integer(${bits.join(" | ") || 0});`);
    }
    lines.push("let at = -1;", "try {");
    fields.forEach(({ optional: may, node }, at) => {
      lines.push(`  at = ${at};`, `  ${may ? `if (p${at}) ` : ""}${this.#write(node, `v${at}`)};`);
    });
    if (open) {
      lines.push("  at = -1;", `  w.record(v, wv, n${index});`);
      this.#functions.push(`const n${index} = new Set(${JSON.stringify(fields.map(({ name }) => name))});`);
    }
    lines.push("} catch (error) {", `  throw refused(error, names${index}[at]);`, "}");
    this.#functions.push(`const names${index} = ${JSON.stringify(fields.map(({ name }) => name))};`);
    return `function w${index}(w, v) {\n  ${lines.join("\n  ")}\n  w.leave();\n}`;
  }

  #shapeReader(shape: LayoutShape, index: number): string {
    const { fields, open } = shape;
    const optional = optionalNames(fields);
    const lines = ["r.enter();"];
    for (let mask = 0; mask < maskCount(shape); mask++) lines.push(`const m${mask} = r.mask();`);
    if (optional.length > 0 && optional.length <= maskBits) {
      // Records with all or with none of the optional fields are one object literal.
      for (const [bits, present] of [
        [2 ** optional.length - 1, fields],
        [0, fields.filter((field) => !field.optional)],
      ] as const) {
        lines.push(`if (m0 === ${bits}) {`, ...this.#built(present, optional, open, true), "}");
      }
    }
    lines.push(...this.#built(fields, optional, open, false));
    return `function r${index}(r) {\n  ${lines.join("\n  ")}\n}`;
  }

  /** The lines that read `fields` into an object and return it; `certain` when all of them are there. */
  #built(fields: readonly LayoutField[], optional: readonly string[], open: boolean, certain: boolean): string[] {
    const first = certain ? fields.length : fields.findIndex((field) => field.optional);
    const known = first < 0 ? fields : fields.slice(0, first);
    const lines = [
      `const o = { ${known.map(({ name, node }) => `${literal(name)}: ${this.#read(node)}`).join(", ")} };`,
    ];
    for (const { name, optional: may, node } of fields.slice(known.length)) {
      const set =
        name in Object.prototype
          ? `setField(o, ${literal(name)}, ${this.#read(node)});`
          : `o[${literal(name)}] = ${this.#read(node)};`;
      lines.push(may ? `if (${this.#bit(optional, name)}) ${set}` : set);
    }
    if (open) lines.push("r.record(rv, o);");
    lines.push("r.leave();", "return o;");
    return lines;
  }

  #bit(optional: readonly string[], name: string): string {
    const place = optional.indexOf(name);
    return `m${Math.floor(place / maskBits)} & ${2 ** (place % maskBits)}`;
  }

  #write(node: LayoutNode, value: string): string {
    if (node.kind === "value") return `w.value(${value})`;
    if (node.kind === "shape") {
      return node.maybe ? `w.maybe(${value}, w${node.shape})` : `w${node.shape}(w, ${value})`;
    }
    return `w.${node.kind}(${value}, ${this.#writer(node.item)})`;
  }

  #read(node: LayoutNode): string {
    if (node.kind === "value") return `r.${scalarReader(node.of)}()`;
    if (node.kind === "shape") return node.maybe ? `r.maybe(r${node.shape})` : `r${node.shape}(r)`;
    return `r.${node.kind}(${this.#reader(node.item)})`;
  }

  #writer(node: LayoutNode): string {
    return node.kind === "shape" && !node.maybe ? `w${node.shape}` : this.#named(`(w, v) => ${this.#write(node, "v")}`);
  }

  #reader(node: LayoutNode): string {
    return node.kind === "shape" && !node.maybe ? `r${node.shape}` : this.#named(`(r) => ${this.#read(node)}`);
  }

  #named(code: string): string {
    const name = `f${this.#functions.length}`;
    this.#functions.push(`const ${name} = ${code};`);
    return name;
  }
}

/** The functions of a layout; `generate: false` asks for the interpreting ones. */
export function compileLayout(layout: RecordLayout, generate = true): CompiledLayout {
  if (generate) {
    const source = new Generator(layout).source();
    try {
      const generated = new Function("setField", "hasOwn", "refused", source) as Generated;
      return generated(setField, Object.hasOwn, refusedAt);
    } catch (error) {
      // Node with --disallow-code-generation-from-strings, or a policy of the embedder.
      if (!(error instanceof EvalError)) throw error;
    }
  }
  return { write: interpretWriter(layout), read: interpretReader(layout) };
}
