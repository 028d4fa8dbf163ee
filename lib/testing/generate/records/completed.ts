/** Completed inputs: what a schema would fill in by itself is there already, so that it is the same whenever it is parsed. */
import { isDeepStrictEqual } from "node:util";
import { isPlain } from "../../../intrinsics/index.js";
import type { AnyEntity, EntityModel } from "../../../schema/index.js";

/** The input with what only the output has, at any depth. */
function withMissing(input: unknown, output: unknown): unknown {
  if (Array.isArray(input) && Array.isArray(output)) return input.map((item, at) => withMissing(item, output[at]));
  if (typeof input !== "object" || input === null || typeof output !== "object" || output === null) return input;
  if (!isPlain(input) || !isPlain(output)) return input;
  const completed: Record<string, unknown> = { ...input };
  for (const [name, value] of Object.entries(output)) {
    completed[name] = Object.hasOwn(input, name) ? withMissing(completed[name], value) : value;
  }
  return completed;
}

/** Parses an input; undefined where it is refused. */
function parsed(model: EntityModel<AnyEntity>, input: unknown): unknown {
  try {
    return model.parse(input);
  } catch {
    return undefined;
  }
}

/**
 * An input with the defaults that the schema would give it, such as a random id or the time; as it is, where that would
 * make another record.
 */
export function completed(model: EntityModel<AnyEntity>, input: unknown): unknown {
  const output = parsed(model, input);
  const whole = withMissing(input, output);
  return output !== undefined && isDeepStrictEqual(parsed(model, whole), output) ? whole : input;
}
