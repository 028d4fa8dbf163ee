/** Turns the stored side of a record into its output: runs the codecs in it, and nothing else. */
import * as core from "zod/v4/core";
import { tenantryError } from "../../errors/index.js";

/** Turns a stored value into its output; a freshly decoded object is changed in place. */
export type Revive = (stored: unknown) => unknown;

/** The reviver of a schema; undefined when no codec is in it. `hasCodec` tells of any part of it. */
export function reviverOf(schema: core.$ZodType, hasCodec: (schema: core.$ZodType) => boolean): Revive | undefined {
  const known = new Map<core.$ZodType, Revive>();

  const revive = (part: core.$ZodType): Revive | undefined => {
    if (!hasCodec(part)) return undefined;
    const before = known.get(part);
    if (before !== undefined) return before;
    // A recursive schema meets itself while its own reviver is being made.
    let made: Revive | undefined;
    known.set(part, (stored) => made?.(stored));
    made = make(part);
    known.set(part, made);
    return made;
  };

  const make = (part: core.$ZodType): Revive => {
    const { def } = (part as core.$ZodTypes)._zod;
    switch (def.type) {
      case "object": {
        if (def.catchall !== undefined && hasCodec(def.catchall)) break;
        const fields = Object.entries(def.shape).flatMap(([name, field]) => {
          const reviver = revive(field);
          return reviver === undefined ? [] : [{ name, reviver }];
        });
        return (stored) => {
          if (typeof stored === "object" && stored !== null) {
            for (const { name, reviver } of fields) {
              if (Object.hasOwn(stored, name)) Reflect.set(stored, name, reviver(Reflect.get(stored, name)));
            }
          }
          return stored;
        };
      }
      case "array": {
        const item = revive(def.element);
        return (stored) => (Array.isArray(stored) && item !== undefined ? stored.map(item) : stored);
      }
      case "optional":
      case "nullable": {
        const inner = revive(def.innerType);
        return (stored) => (stored === null || stored === undefined ? stored : inner?.(stored));
      }
    }
    // A codec itself, or a type whose part is chosen by the value: zod does that, and checks on the way.
    return (stored) => core.decode(part, stored);
  };

  return revive(schema);
}

/**
 * What a record's stored side is turned into.
 *
 * @throws STORED_RECORD_INVALID when a codec does not take what is stored.
 */
export function revived(entity: string, revive: Revive, stored: unknown): unknown {
  try {
    return revive(stored);
  } catch (cause) {
    const issues = cause instanceof core.$ZodError ? cause.issues : [];
    throw tenantryError("STORED_RECORD_INVALID", { entity, issues }, { cause });
  }
}
