/** The error of an engine: FoundationDB's numeric code and name. */
import { TenantryError } from "../errors/index.js";
import { fdbErrorName } from "./error-name.js";

/**
 * An engine's refusal, with FoundationDB's error code (the same number on every engine).
 *
 * @example
 * ```ts
 * import { EngineError } from "tenantry/engine";
 * declare const error: unknown;
 * if (error instanceof EngineError && error.fdbCode === 1020) console.log("somebody else wrote what was read");
 * ```
 */
export class EngineError extends TenantryError<"ENGINE"> {
  readonly fdbCode: number;

  constructor(fdbCode: number, options?: ErrorOptions) {
    super("ENGINE", { fdbCode, fdbName: fdbErrorName(fdbCode) }, options);
    this.name = "EngineError";
    this.fdbCode = fdbCode;
  }
}
