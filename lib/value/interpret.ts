/** A layout's writer and reader as plain functions: the same bytes as the generated ones, at half their speed. */
import type { LayoutNode, LayoutShape, RecordLayout } from "./layout.js";
import { setField } from "./payload/field.js";
import type { ReadValue } from "./payload/reader.js";
import { refusedAt } from "./payload/refusal.js";
import type { WriteValue } from "./payload/writer.js";
import { maskBits, maskCount, optionalNames } from "./presence.js";

const writeAny: WriteValue = (writer, value) => writer.value(value);
const readAny: ReadValue = (reader) => reader.value();

function nodeWriter(node: LayoutNode, shapes: readonly WriteValue[]): WriteValue {
  if (node.kind === "value") return writeAny;
  if (node.kind === "shape") {
    const shape: WriteValue = (writer, value) => shapes[node.shape]?.(writer, value);
    return node.maybe ? (writer, value) => writer.maybe(value, shape) : shape;
  }
  const item = nodeWriter(node.item, shapes);
  return node.kind === "list"
    ? (writer, value) => writer.list(value, item)
    : (writer, value) => writer.record(value, item);
}

/** What an object holds of a shape's fields, each read once; undefined stands for one that is not there. */
function ownFields(value: object, names: readonly string[]): readonly ({ readonly value: unknown } | undefined)[] {
  return names.map((name) => (Object.hasOwn(value, name) ? { value: Reflect.get(value, name) } : undefined));
}

function shapeWriter(shape: LayoutShape, shapes: readonly WriteValue[]): WriteValue {
  const { fields, open } = shape;
  const masks = maskCount(shape);
  const writers = fields.map((field) => ({ ...field, write: nodeWriter(field.node, shapes) }));
  const names = fields.map(({ name }) => name);
  const optional = optionalNames(fields).map((name) => names.indexOf(name));
  const named = new Set(names);
  return (writer, value) => {
    if (typeof value !== "object" || value === null) return writer.refuse("notAnObject");
    writer.enter();
    const held = ownFields(value, names);
    if (writers.some((field, at) => !field.optional && held[at] === undefined)) writer.refuse("missing");
    for (let mask = 0; mask < masks; mask++) {
      let bits = 0;
      optional.slice(mask * maskBits, (mask + 1) * maskBits).forEach((at, bit) => {
        if (held[at] !== undefined) bits |= 2 ** bit;
      });
      writer.integer(bits);
    }
    for (const [at, { name, write }] of writers.entries()) {
      const field = held[at];
      if (field === undefined) continue;
      try {
        write(writer, field.value);
      } catch (error) {
        throw refusedAt(error, name);
      }
    }
    if (open) writer.record(value, writeAny, named);
    writer.leave();
  };
}

function nodeReader(node: LayoutNode, shapes: readonly ReadValue[]): ReadValue {
  if (node.kind === "value") return readAny;
  if (node.kind === "shape") {
    const shape: ReadValue = (reader) => shapes[node.shape]?.(reader);
    return node.maybe ? (reader) => reader.maybe(shape) : shape;
  }
  const item = nodeReader(node.item, shapes);
  return node.kind === "list" ? (reader) => reader.list(item) : (reader) => reader.record(item);
}

function shapeReader(shape: LayoutShape, shapes: readonly ReadValue[]): ReadValue {
  const { fields, open } = shape;
  const readers = fields.map((field) => ({ ...field, read: nodeReader(field.node, shapes) }));
  const masks = maskCount(shape);
  return (reader) => {
    reader.enter();
    const bits: number[] = [];
    for (let i = 0; i < masks; i++) bits.push(reader.mask());
    const target: Record<string, unknown> = {};
    let place = 0;
    for (const { name, optional, read } of readers) {
      if (optional) {
        const present = (Number(bits[Math.floor(place / maskBits)]) & (2 ** (place % maskBits))) !== 0;
        place++;
        if (!present) continue;
      }
      setField(target, name, read(reader));
    }
    if (open) reader.record(readAny, target);
    reader.leave();
    return target;
  };
}

export function interpretWriter(layout: RecordLayout): WriteValue {
  const shapes: WriteValue[] = [];
  for (const shape of layout.shapes) shapes.push(shapeWriter(shape, shapes));
  return (writer, value) => shapes[0]?.(writer, value);
}

export function interpretReader(layout: RecordLayout): ReadValue {
  const shapes: ReadValue[] = [];
  for (const shape of layout.shapes) shapes.push(shapeReader(shape, shapes));
  return (reader) => shapes[0]?.(reader);
}
