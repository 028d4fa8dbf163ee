/** Bodies of web requests that are not what they say they are: an error of the library's, as frameworks have theirs. */
import { tenantryError } from "../../errors/index.js";

/** Something with a body, read by methods of its own. */
export interface BodyReader {
  json(): Promise<unknown>;
  formData?(): Promise<unknown>;
}

/**
 * Has `json` and `formData` of this one request reject with `REQUEST_INVALID` for a body that is none. What they throw
 * themselves cannot be told from an error in the handler.
 */
export function guardBody(request: BodyReader): void {
  for (const method of ["json", "formData"] as const) {
    const read: unknown = Reflect.get(request, method);
    if (typeof read !== "function") continue;
    const value = async (): Promise<unknown> => {
      try {
        return await read.call(request);
      } catch (cause) {
        throw tenantryError("REQUEST_INVALID", {}, { cause });
      }
    };
    Object.defineProperty(request, method, { value, configurable: true, writable: true });
  }
}
