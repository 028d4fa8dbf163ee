/** What a lazy schema stands for. */
import type * as core from "zod/v4/core";

/** The inner schema as zod itself keeps it: the getter may make a new one at each call. */
export function innerOfLazy(schema: core.$ZodType, def: core.$ZodLazyDef): core.$ZodType {
  const { _zod } = schema as core.$ZodLazy<core.$ZodType>;
  return _zod.innerType ?? def.getter();
}
