/** Puts a stand-in in the place of the package's native module, so that the package itself runs without libfdb_c. */
import { createRequire, Module } from "node:module";
import type { NativeDouble } from "./native-double.js";

/** From here on whoever loads the package `foundationdb` in this process drives the stand-in. */
export function installDouble(native: NativeDouble): void {
  const require = createRequire(import.meta.url);
  const path = require.resolve("foundationdb/dist/lib/native.js");
  const module = new Module(path);
  module.filename = path;
  module.loaded = true;
  module.exports = { __esModule: true, type: "napi", default: native };
  require.cache[path] = module;
}
