/** Mentions: whether anything within reach of a value is a tenant's id or bytes, in whatever form it is written. */
import { inspect } from "node:util";
import { isAnyArrayBuffer, isMap, isSet, isTypedArray } from "node:util/types";
import { type TenantId, tenantIdBytes } from "../../tenant/index.js";

/**
 * What a walk came across, and how to get there.
 *
 * @example
 * ```ts
 * import { type Reached, reachable } from "tenantry/testing";
 * const all: readonly Reached[] = [...reachable({ a: [1] })];
 * console.log(all.map(({ path }) => path)); // value, value.a, value.a.0, …
 * ```
 */
export interface Reached {
  readonly path: string;
  readonly value: unknown;
}

const isObject = (value: unknown): value is object =>
  (typeof value === "object" && value !== null) || typeof value === "function";

/** What a property holds; what its getter gives, or throws. */
function held(owner: object, key: PropertyKey, receiver: object): unknown {
  try {
    return Reflect.get(owner, key, receiver);
  } catch (error) {
    return error;
  }
}

/**
 * Everything that can be reached from `value` without calling a method: own and inherited properties, symbols, getters,
 * prototypes, the contents of maps, sets and arrays, causes of errors. Each thing once.
 *
 * @example
 * ```ts
 * import type { Tenant } from "tenantry";
 * import { reachable } from "tenantry/testing";
 * declare const france: Tenant;
 * for (const { path, value } of reachable(france)) {
 *   if (value instanceof Uint8Array) throw new Error(`bytes at ${path}`);
 * }
 * ```
 */
export function* reachable(value: unknown, path = "value"): Generator<Reached, undefined, undefined> {
  const seen = new Set<unknown>();
  const queue: Reached[] = [{ path, value }];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (seen.has(next.value)) continue;
    if (isObject(next.value)) seen.add(next.value);
    yield next;
    const { value: owner, path: at } = next;
    // The language's own objects lead to nothing of ours.
    if (!isObject(owner) || intrinsics.has(owner)) continue;
    if (isTypedArray(owner)) {
      queue.push({ path: `${at}.buffer`, value: bufferOf(owner) });
      continue;
    }
    // By what they are, whatever they say of themselves.
    if (isMap(owner))
      for (const entry of Map.prototype.entries.call(owner)) queue.push({ path: `${at}[entry]`, value: entry });
    if (isSet(owner))
      for (const entry of Set.prototype.values.call(owner)) queue.push({ path: `${at}[entry]`, value: entry });
    queue.push(...partsOf(owner, at));
  }
}

/** The memory behind a typed array, whatever it says of itself. */
const bufferOf = (array: object): unknown => Reflect.get(Object.getPrototypeOf(Uint8Array.prototype), "buffer", array);

/** What an object's properties hold, its own and inherited ones; nothing, of one that cannot be asked any more. */
function partsOf(owner: object, at: string): readonly Reached[] {
  const parts: Reached[] = [];
  try {
    let from: object | null = owner;
    while (from !== null && !intrinsics.has(from)) {
      for (const key of Reflect.ownKeys(from))
        parts.push({ path: `${at}.${String(key)}`, value: held(from, key, owner) });
      from = Object.getPrototypeOf(from);
      if (from !== null) parts.push({ path: `${at}.[[Prototype]]`, value: from });
    }
  } catch {
    // A proxy that was revoked.
  }
  return parts;
}

/** Objects that every program has. */
const intrinsics: ReadonlySet<unknown> = new Set<unknown>(
  [
    Object,
    Function,
    Array,
    Error,
    TypeError,
    RangeError,
    Promise,
    Date,
    Map,
    Set,
    Uint8Array,
    Buffer,
    String,
    Number,
    Boolean,
    BigInt,
    Symbol,
    RegExp,
    ArrayBuffer,
    WeakMap,
    WeakSet,
    AbortSignal,
    EventTarget,
  ]
    .flatMap((type): unknown[] => [type, type.prototype])
    .concat(
      Object.getPrototypeOf(Uint8Array),
      Object.getPrototypeOf(Uint8Array.prototype),
      Object.getPrototypeOf(async () => {}),
      Object.getPrototypeOf(async function* () {}),
      Object.getPrototypeOf(Object.getPrototypeOf((async function* () {})())),
      globalThis,
    ),
);

/** The forms in which 16 bytes are written: as a UUID, in hex, as Buffers and arrays print them, in base64. */
function formsOf(id: TenantId): readonly string[] {
  const bytes = Buffer.from(tenantIdBytes(id));
  const base64 = [0, 1, 2].flatMap((shift) => {
    // The characters that depend on nothing but the id, at each of the three alignments.
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    const core = text.slice(shift === 0 ? 0 : shift + 1, (16 + shift) % 3 === 0 ? undefined : -1);
    return [core, core.replaceAll("+", "-").replaceAll("/", "_")];
  });
  const hex = bytes.toString("hex");
  return [id, hex, hex.replace(/..(?!$)/g, "$& "), [...bytes].join(","), bytes.toString("latin1"), ...base64];
}

/** A tenant that something names, and where. */
export interface Mention {
  readonly id: TenantId;
  readonly path: string;
}

/** The first place within reach of `value` that names one of the tenants, in one walk for all of them. */
export function firstMention(value: unknown, ids: readonly TenantId[]): Mention | undefined {
  const names = ids.map((id) => ({ id, bytes: Buffer.from(tenantIdBytes(id)), forms: formsOf(id) }));
  const inText = (text: string): TenantId | undefined => {
    // The forms with commas have no spaces; a UUID has one case.
    const [dense, lower] = [text.replaceAll(", ", ","), text.toLowerCase()];
    return names.find(({ id, forms }) => lower.includes(id) || forms.some((form) => isIn(form, text, dense)))?.id;
  };
  const heard = new Set<string>();
  const named = (found: unknown): TenantId | undefined => {
    if (typeof found === "string") {
      if (heard.has(found)) return undefined;
      heard.add(found);
      return inText(found);
    }
    if (typeof found === "symbol") return inText(String(found));
    if (typeof found === "bigint") return inText(found.toString(16));
    // One that was handed on has nothing any more.
    if (!isAnyArrayBuffer(found) || found.byteLength === 0) return undefined;
    const all = Buffer.from(found);
    return names.find(({ bytes }) => all.includes(bytes))?.id;
  };
  for (const { path, value: found } of reachable(value)) {
    const id = named(found);
    if (id !== undefined) return { id, path };
  }
  const printed = inspect(value, {
    depth: 12,
    showHidden: true,
    maxArrayLength: null,
    maxStringLength: null,
    breakLength: Number.POSITIVE_INFINITY,
    // All on one line: columns of numbers would be filled up with spaces.
    compact: true,
  });
  const id = inText(printed);
  return id === undefined ? undefined : { id, path: "inspect()" };
}

const isIn = (form: string, text: string, dense: string): boolean =>
  text.includes(form) || (dense !== text && dense.includes(form));

/**
 * Where `value` names the tenant: a path, and the form; undefined when nowhere.
 *
 * @example
 * ```ts
 * import type { TenantId } from "tenantry";
 * import { mentionOf } from "tenantry/testing";
 * declare const response: { body: unknown };
 * declare const germany: TenantId;
 * const place = mentionOf(response.body, germany);
 * if (place !== undefined) throw new Error(`the answer names another tenant at ${place}`);
 * ```
 */
export const mentionOf = (value: unknown, id: TenantId): string | undefined => firstMention(value, [id])?.path;
