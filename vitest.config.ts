/** `npm test`: all specs, most of them in processes that load the library once; `npm run test:quick`: but the longest. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, mergeConfig } from "vitest/config";
import base from "./spec/vitest.js";

const folder = join(import.meta.dirname, "spec");

interface Spec {
  readonly path: string;
  /** The comment at its beginning, in one line. */
  readonly about: string;
  readonly text: string;
}

/** Whether a spec changes what others of its process would see, or says at its beginning that it is to be alone. */
const isApart = ({ about, text }: Spec): boolean =>
  about.includes("In a process of its own") || /vi\.(mock|doMock|resetModules)\(/.test(text);

/** Whether it says at its beginning that it takes long. */
const isLong = ({ about }: Spec): boolean => about.includes("Left out of the quick run");

const specs = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".spec.ts"))
  .map((path): Spec => {
    const text = readFileSync(join(folder, path), "utf8");
    const [first = ""] = text.split("*/", 1);
    return { path: `spec/${path}`, about: first.replaceAll(/[\s*]+/g, " "), text };
  });
/** Specs of what the library does with zod: also of the oldest that it takes. */
const ofZod = [
  "spec/schema/**/*.spec.ts",
  "spec/repository/{write,given}.spec.ts",
  "spec/testing/record-arbitrary.spec.ts",
  "spec/access/conditions.spec.ts",
];
const pathsOf = (some: readonly Spec[]): string[] => some.map(({ path }) => path);
const apart = pathsOf(specs.filter(isApart));

export default defineConfig(({ mode }) => {
  const left = mode === "quick" ? pathsOf(specs.filter(isLong)) : [];
  return mergeConfig(base, {
    test: {
      projects: [
        { extends: true, test: { name: "apart", include: apart, exclude: left, setupFiles: ["spec/seed.ts"] } },
        {
          extends: true,
          resolve: { alias: [{ find: /^zod(\/.*)?$/, replacement: "zod-oldest$1" }] },
          test: {
            name: "oldest zod",
            isolate: false,
            include: ofZod,
            exclude: left,
            setupFiles: ["spec/seed.ts", "spec/left-behind.ts"],
          },
        },
        {
          extends: true,
          test: {
            name: "together",
            isolate: false,
            include: ["spec/**/*.spec.ts"],
            exclude: [...apart, ...left],
            setupFiles: ["spec/seed.ts", "spec/left-behind.ts"],
          },
        },
      ],
    },
  });
});
