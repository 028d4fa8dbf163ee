/** Copies of the package in one process: they are told of at once, and what one has made is nothing to another. */
import { readFileSync } from "node:fs";

/** What copies of all versions know of each other. */
interface Copy {
  version(): string | undefined;
}

/** All copies by where they lie; on the global object, which is all that they share. */
const registry: symbol = Symbol.for("tenantry.copies");
/** Where the copy lies that made an object. */
const maker: symbol = Symbol.for("tenantry.copy");

/** A module that was loaded anew, by a test runner or a server in development, is no other copy. */
const here = import.meta.url.replace(/[?#].*$/s, "");

/** The version in the package's own file, wherever in the package this module lies. */
function version(): string | undefined {
  for (const path of ["../package.json", "../../package.json"]) {
    try {
      const { name, version: found } = JSON.parse(readFileSync(new URL(path, here), "utf8"));
      if (name === "tenantry") return String(found);
    } catch {
      // Not there, or none of ours: in a bundle there is none at all.
    }
  }
  return undefined;
}

function copies(): Map<string, Copy> {
  const found: unknown = Reflect.get(globalThis, registry);
  if (found instanceof Map) return found;
  const none = new Map<string, Copy>();
  Reflect.defineProperty(globalThis, registry, { value: none });
  return none;
}

/** Takes this copy down, and warns when there is another. */
function meet(all: Map<string, Copy>): void {
  if (all.has(here)) return;
  const others = [...all];
  all.set(here, { version });
  if (others.length === 0) return;
  const told = [[here, { version }] as const, ...others].map(
    ([url, copy]) => `${copy.version() ?? "an unknown version"} at ${url}`,
  );
  process.emitWarning(`tenantry is loaded ${told.length} times in this process: ${told.join(", ")}`, {
    type: "TenantryWarning",
    code: "TENANTRY_LOADED_TWICE",
    detail:
      "What one copy has made, such as entities, engines and roles, cannot be given to another. " +
      "`npm ls tenantry` tells who asks for which version; bundlers are to leave the package out, or to share it.",
  });
}

meet(copies());

/** Lets an object, or all that inherit from it, be known as made by this copy. */
export function markOwn<O extends object>(made: O): O {
  return Object.defineProperty(made, maker, { value: here });
}

/** Why what another copy has made is refused. */
export const copiesApart = "another copy of tenantry in this process made it";

/** Whether another copy of the package made something. */
export function isOfAnotherCopy(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  try {
    const at: unknown = Reflect.get(value, maker);
    return typeof at === "string" && at !== here;
  } catch {
    // What throws when it is asked is nobody's.
    return false;
  }
}
