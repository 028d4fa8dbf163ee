/** The isolation laws over the shop's entities, on the engine that runs everywhere. */
import { describe, test } from "vitest";
import { isolationLaws } from "../../lib/testing/index.js";
import { runs } from "../runs.js";
import { shop } from "./shop.js";

describe("on memory()", () => {
  isolationLaws({ entities: shop, test, runs: runs(100) });
});
