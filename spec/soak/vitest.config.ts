/** How Vitest runs a soak: the specs of one, its runs, and no hurry. */
import { mergeConfig } from "vitest/config";
import base from "../vitest.js";

const hour = 60 * 60 * 1000;

export default mergeConfig(base, {
  test: {
    include: ["spec/**/*.spec.ts"],
    setupFiles: ["spec/soak/setup.ts"],
    testTimeout: 24 * hour,
    hookTimeout: hour,
  },
});
