/** How Stryker runs the specs of one room. */
import { mergeConfig } from "vitest/config";
import base from "../vitest.js";

const config = mergeConfig(base, { test: { setupFiles: ["spec/mutation/setup.ts"] } });
// Merging would keep the specs of every room.
config["test"].include = (process.env["TENANTRY_MUTATED_SPECS"] ?? "").split(",");

export default config;
