/**
 * Makes `dist`: one file for each entry point, and chunks for what they share, so that there is one of each class.
 * Declarations are made by the compiler, file by file, and put together likewise.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { rolldown } from "rolldown";
import { dts } from "rolldown-plugin-dts";

const root = resolve(import.meta.dirname, "..");
const dist = join(root, "dist");
const entries = ["index", "access/index", "engine/index", "http/index", "testing/index"];

/** @param {string} folder @param {string} extension */
const input = (folder, extension) =>
  Object.fromEntries(entries.map((name) => [name, join(folder, `${name}${extension}`)]));

/**
 * Packages stay packages: `lmdb` and `foundationdb` are native, `zod` is the user's. What the bundler needs at run time
 * is none. @param {string} id
 */
const isPackage = (id) => !/^[./]|^[A-Za-z]:[\\/]|^@oxc-project\/runtime\/|^\0/.test(id);

async function code() {
  const bundle = await rolldown({
    input: input(join(root, "lib"), ".ts"),
    external: isPackage,
    platform: "node",
    resolve: { extensionAlias: { ".js": [".ts", ".js"] } },
    transform: { target: "node20.19" },
  });
  await bundle.write({
    dir: dist,
    format: "esm",
    chunkFileNames: "chunks/[name]-[hash].js",
    minifyInternalExports: false,
    // The declarations have them.
    comments: { legal: true, annotation: true, jsdoc: false },
    // Errors and what programs log tell classes by their names.
    keepNames: true,
    sourcemap: true,
    sourcemapExcludeSources: true,
  });
  await bundle.close();
}

async function declarations() {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-types-"));
  try {
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    execFileSync(process.execPath, [compiler, "-p", join(root, "tsconfig.build.json"), "--outDir", folder], {
      stdio: "inherit",
    });
    const bundle = await rolldown({
      input: input(folder, ".d.ts"),
      external: isPackage,
      plugins: [dts({ dtsInput: true })],
    });
    await bundle.write({
      dir: dist,
      format: "esm",
      chunkFileNames: "chunks/[name]-[hash].d.ts",
      minifyInternalExports: false,
    });
    await bundle.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

rmSync(dist, { recursive: true, force: true });
await Promise.all([code(), declarations()]);
