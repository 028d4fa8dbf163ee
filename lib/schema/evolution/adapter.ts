/** Adapters: records of a layout of before as records of the present one, field by field. */
import * as core from "zod/v4/core";
import { copyValue, type LayoutField, type LayoutNode, type RecordLayout, setField } from "../../value/index.js";
import { accepts } from "../zod/acceptance.js";
import { itemIn } from "../zod/unwrap.js";
import type { StoredForm } from "./stored-form.js";

/** Where stored records differ from a definition. */
export interface Difference {
  /** The dotted path of the field; `[]` stands for the items of an array or a record. */
  readonly path: string;
  /**
   * `fieldAdded`: records lack it, and something fills it; `fieldRemoved`: records may hold it, and lose it when they are
   * read. What records need not fit: `fieldRequired`, they may lack it, and nothing fills it; `nullForbidden`, they may
   * hold null there; `typeChanged`, they hold another kind of value.
   */
  readonly kind: "fieldAdded" | "fieldRemoved" | "fieldRequired" | "nullForbidden" | "typeChanged";
}

/** Thrown by an adapter that meets a record which does not fit. */
export class UnfitRecord extends Error {}

type Adapt = (value: unknown) => unknown;

const asIs: Adapt = (value) => value;
const unfit: Adapt = () => {
  throw new UnfitRecord();
};

/** Makes stored records of `before` ones of `form`; none of their values changes on the way. */
export class LayoutAdapter {
  /** All differences; records that do not meet them can be adapted in any case. */
  readonly differences: readonly Difference[];
  readonly #before: RecordLayout;
  readonly #form: StoredForm;
  readonly #known = new Map<string, Adapt>();
  readonly #found: Difference[] = [];
  readonly #adapt: Adapt;

  constructor(before: RecordLayout, form: StoredForm) {
    this.#before = before;
    this.#form = form;
    this.#adapt = this.#shape(0, 0, "");
    this.differences = this.#found;
  }

  /** @throws {@link UnfitRecord} for a record that lacks what nothing fills, or holds another kind of value. */
  adapt(record: object): object {
    const adapted = this.#adapt(record);
    return typeof adapted === "object" && adapted !== null ? adapted : record;
  }

  #differs(path: string, kind: Difference["kind"]): Adapt {
    this.#found.push({ path, kind });
    return unfit;
  }

  #shape(before: number, now: number, path: string): Adapt {
    const key = `${before} ${now}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    // A recursive shape meets itself while its own adapter is being made.
    let made: Adapt = asIs;
    this.#known.set(key, (value) => made(value));
    made = this.#makeShape(before, now, path);
    return made;
  }

  #makeShape(before: number, now: number, path: string): Adapt {
    const old = this.#before.shapes[before];
    const own = this.#form.codec.layout.shapes[now];
    if (old === undefined || own === undefined) return this.#differs(path, "typeChanged");
    const at = (name: string): string => (path === "" ? name : `${path}.${name}`);
    const fields = own.fields.map((field) => {
      const was = old.fields.find(({ name }) => name === field.name);
      return { name: field.name, ...this.#field(was, field, now, at(field.name), old.open) };
    });
    const named = new Set(own.fields.map(({ name }) => name));
    if (!own.open) for (const { name } of old.fields) if (!named.has(name)) this.#differs(at(name), "fieldRemoved");
    return (value) => {
      if (typeof value !== "object" || value === null) return value;
      const adapted = {};
      for (const { name, adapt, fill } of fields) {
        if (Object.hasOwn(value, name)) setField(adapted, name, adapt(Reflect.get(value, name)));
        else fill(adapted);
      }
      if (!own.open) return adapted;
      for (const [name, more] of Object.entries(value)) if (!named.has(name)) setField(adapted, name, more);
      return adapted;
    };
  }

  /** How a field is taken over, and what is done where a record has none. */
  #field(
    was: LayoutField | undefined,
    field: LayoutField,
    shape: number,
    path: string,
    open: boolean,
  ): { readonly adapt: Adapt; readonly fill: (record: object) => void } {
    const schema = this.#form.field(shape, field.name);
    const fill = (record: object): void => {
      const filling = schema === undefined ? undefined : this.#form.fill(schema, field.optional);
      if (filling === undefined) throw new UnfitRecord();
      // A default that is an object is the definition's own.
      if (!filling.absent) setField(record, field.name, copyValue(filling.make()).value);
    };
    const mayLack = was === undefined || was.optional;
    if (mayLack && (schema === undefined || this.#form.fill(schema, field.optional) === undefined)) {
      this.#differs(path, "fieldRequired");
    } else if (was === undefined) this.#differs(path, "fieldAdded");
    if (schema === undefined) return { adapt: unfit, fill };
    if (was === undefined) return { adapt: open ? checked(schema) : asIs, fill };
    if (was.nullable === true && field.nullable === false) this.#differs(path, "nullForbidden");
    return { adapt: this.#node(was.node, field.node, schema, path), fill };
  }

  #node(old: LayoutNode, own: LayoutNode, schema: core.$ZodType, path: string): Adapt {
    if (old.kind === "value" && own.kind === "value") {
      const same = old.of === own.of;
      const wider = old.of !== undefined && own.of === undefined && accepts(schema, old.of);
      return same || wider ? asIs : this.#differs(path, "typeChanged");
    }
    if (old.kind === "shape" && own.kind === "shape") return this.#shape(old.shape, own.shape, path);
    const list = old.kind === "list" && own.kind === "list";
    if (!list && !(old.kind === "record" && own.kind === "record")) return this.#differs(path, "typeChanged");
    const inner = itemIn(schema);
    const item = inner === undefined ? unfit : this.#node(old.item, own.item, inner, `${path}[]`);
    if (item === asIs) return asIs;
    return (value) => {
      if (Array.isArray(value)) return value.map(item);
      if (typeof value !== "object" || value === null) return value;
      const adapted = {};
      for (const [name, one] of Object.entries(value)) setField(adapted, name, item(one));
      return adapted;
    };
  }
}

/** A further field of an open object that now has a type: taken over when it is of that type. */
const checked =
  (schema: core.$ZodType): Adapt =>
  (value) => {
    if (!core.safeParse(schema, value).success) throw new UnfitRecord();
    return value;
  };
