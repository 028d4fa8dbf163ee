/** The long versions of the specs: properties ten thousand times, a thousand kills, no hurry. */
import { defineConfig, mergeConfig } from "vitest/config";
import base from "./vitest.config.js";

export default mergeConfig(
  base,
  defineConfig({
    test: {
      env: { TENANTRY_RUNS: process.env["TENANTRY_RUNS"] ?? "10000" },
      testTimeout: 24 * 60 * 60 * 1000,
      hookTimeout: 60 * 60 * 1000,
    },
  }),
);
