/** The isolation laws, over a shop's entities: most of their runs. Left out of the quick run. */
import { describe, test } from "vitest";
import { isolationLaws } from "../../lib/testing/index.js";
import { arrayEngine } from "../engine/array-engine.js";
import { runs } from "../runs.js";
import { lawTimeoutMs as timeoutMs } from "./law-timeout.js";
import { shop } from "./shop.js";

describe("on the embedded engine's transactions over a plain array", () => {
  isolationLaws({ entities: shop, test, timeoutMs, engine: async () => arrayEngine(), runs: runs(120) });
});
