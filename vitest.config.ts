/** `npm test`: all specs, most of them in processes that load the library once. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, mergeConfig } from "vitest/config";
import base from "./spec/vitest.js";

const folder = join(import.meta.dirname, "spec");

/** Whether a spec changes what others of its process would see, or says at its beginning that it is to be alone. */
function isApart(text: string): boolean {
  const [first = ""] = text.split("*/", 1);
  const alone = /\bIn a process of its own\b/.test(first.replaceAll(/[\s*]+/g, " "));
  return alone || /vi\.(mock|doMock|resetModules)\(/.test(text);
}

const apart = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".spec.ts") && isApart(readFileSync(join(folder, path), "utf8")))
  .map((path) => `spec/${path}`);

export default mergeConfig(
  base,
  defineConfig({
    test: {
      projects: [
        { extends: true, test: { name: "apart", include: apart } },
        {
          extends: true,
          test: {
            name: "together",
            isolate: false,
            include: ["spec/**/*.spec.ts"],
            exclude: apart,
            setupFiles: ["spec/left-behind.ts"],
          },
        },
      ],
    },
  }),
);
