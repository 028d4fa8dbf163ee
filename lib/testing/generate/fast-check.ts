/** fast-check, the peer that laws are made with: loaded when a law runs, so that nobody else needs it. */
import { tenantryError } from "../../errors/index.js";

/** The module, as laws use it. */
export type FastCheck = typeof import("fast-check");

/** @throws TEST_PEER_MISSING when the package is not installed. */
export async function loadFastCheck(): Promise<FastCheck> {
  try {
    return await import("fast-check");
  } catch (cause) {
    throw tenantryError("TEST_PEER_MISSING", { package: "fast-check" }, { cause });
  }
}
