/** Loads the native module of the npm package `foundationdb`, whatever loads this library, and says what keeps it away. */
import { isMainThread } from "node:worker_threads";
import type { NativeModule } from "foundationdb/dist/lib/native.js";
import { tenantryError } from "../../errors/index.js";

/** What the adapter calls of it. */
const called = ["setAPIVersion", "setNetworkOption", "startNetwork", "stopNetwork", "createDatabase"] as const;

// Exports of a CommonJS module come as they are, under `default`, or under the `default` of that, by who loads them.
const depthMax = 4;

/**
 * Loads the npm package's native module. Throws which of package, build and client library is missing, or what the
 * package has in the module's place.
 */
export async function loadNativeModule(): Promise<NativeModule> {
  if (!isMainThread) throw tenantryError("FOUNDATIONDB_THREAD", {});
  let exports: unknown;
  try {
    // Not for bundlers: it finds its library beside itself, and need not be installed.
    exports = await import(/* webpackIgnore: true */ "foundationdb/dist/lib/native.js");
  } catch (error) {
    throw loadError(error);
  }
  return nativeModuleOf(exports);
}

/** The native module among what importing the package's file gave. Throws the names found when it is not there. */
export function nativeModuleOf(exports: unknown): NativeModule {
  const found: string[] = [];
  let at = "";
  let native: NativeModule | undefined;
  let candidate = exports;
  // The innermost: those around it may be a loader's proxies, each of them another object for the same module.
  for (let depth = 0; depth < depthMax && isObject(candidate); depth++) {
    if (isNativeModule(candidate)) native = candidate;
    for (const name of Object.keys(candidate)) found.push(`${at}${name}`);
    candidate = "default" in candidate ? candidate.default : undefined;
    at += "default.";
  }
  if (native === undefined) throw tenantryError("FOUNDATIONDB_PACKAGE_UNKNOWN", { found });
  return native;
}

function isNativeModule(candidate: object): candidate is NativeModule {
  const members: Partial<Record<string, unknown>> = candidate;
  return called.every((name) => typeof members[name] === "function");
}

const isObject = (value: unknown): value is object =>
  (typeof value === "object" && value !== null) || typeof value === "function";

/** What kept the native module from loading, told apart by what Node and node-gyp-build say. */
export function loadError(error: unknown): Error {
  // Told by its shape: a test runner's `Error` is often another one than the loader's.
  const { code, message }: { code?: unknown; message?: unknown } = isObject(error) ? error : {};
  const reason = String(message ?? error).split("\n", 1)[0] ?? "";
  const where = { platform: process.platform, arch: process.arch, reason };
  if ((code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") && /foundationdb/.test(reason)) {
    return tenantryError("FOUNDATIONDB_PACKAGE_MISSING", {}, { cause: error });
  }
  if (/No native build was found/.test(reason)) {
    return tenantryError("FOUNDATIONDB_BUILD_MISSING", where, { cause: error });
  }
  return tenantryError("FOUNDATIONDB_CLIENT_MISSING", where, { cause: error });
}
