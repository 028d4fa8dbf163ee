/** What of an error may leave a service: a code, a constant text, and details the requester gave or may know. */
import { catalogue, type ErrorCode } from "./catalogue.js";
import type { ErrorFamily } from "./definition.js";
import { isTenantryError } from "./tenantry-error.js";

/**
 * A value JSON has.
 *
 * @example
 * ```ts
 * import type { JsonValue } from "tenantry";
 * const value: JsonValue = { list: [1, "two", null] };
 * ```
 */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * An error in the form in which it may leave a service.
 *
 * @example
 * ```ts
 * import { type SafeError, sanitize } from "tenantry";
 * const answer: SafeError = sanitize(new Error("of the database, with a secret"));
 * console.log(answer.code, answer.status); // INTERNAL 500
 * ```
 */
export interface SafeError {
  /** The error's own code; INTERNAL or UNAVAILABLE when it is none of the requester's business. */
  readonly code: ErrorCode | "INTERNAL" | "UNAVAILABLE";
  readonly message: string;
  /** The HTTP status that says the same. */
  readonly status: number;
  readonly details: { readonly [key: string]: JsonValue };
}

const internal: SafeError = { code: "INTERNAL", message: "Something went wrong.", status: 500, details: {} };
const unavailable: SafeError = {
  code: "UNAVAILABLE",
  message: "The service cannot do this now; try again later.",
  status: 503,
  details: {},
};

/** How an error of each family leaves: as itself with a status, or as one of the fixed texts. */
const outside: Readonly<Record<ErrorFamily, number | SafeError>> = {
  input: 400,
  missing: 404,
  conflict: 409,
  limit: 413,
  // 429 where waiting helps.
  quota: 403,
  unauthenticated: 401,
  denied: 403,
  unavailable,
  usage: internal,
  isolation: internal,
  corrupt: internal,
};

const tooManyRequests = 429;

/** After how long it may go well, where time helps. */
const retryAfterMs = ({ retryAfterMs: ms }: SafeError["details"]): number | undefined =>
  typeof ms === "number" ? ms : undefined;

/** Depth of details that leaves: a path of an issue is all there is below. */
const depthMax = 6;

/**
 * What may leave the service of any thrown value. Errors about the requester's own input, things that are missing,
 * conflicts and limits keep code and details; a foreign error, an engine's, a bug, an attempt to leave a tenant and
 * corrupt data become a fixed text each. A record that is missing and one of another tenant are the same answer.
 * Never throws; the cause never leaves.
 *
 * @example
 * ```ts
 * import { sanitize } from "tenantry";
 * declare const error: unknown;
 * const { code, message, status } = sanitize(error);
 * ```
 */
export function sanitize(error: unknown): SafeError {
  try {
    // An error of another copy of the package may have codes that this one does not know.
    if (!isTenantryError(error) || !Object.hasOwn(catalogue, error.code)) return internal;
    const { code, details } = error;
    const { family, message } = catalogue[code];
    const form = outside[family];
    if (typeof form !== "number") return form;
    const safe = plainObject(details, 0) ?? {};
    const status = family === "quota" && retryAfterMs(safe) !== undefined ? tooManyRequests : form;
    return { code, message, status, details: safe };
  } catch {
    return internal;
  }
}

/**
 * The web `Response` of any thrown value, as problem details (RFC 9457), after {@link sanitize}; with `Retry-After`
 * where waiting helps.
 *
 * @example
 * ```ts
 * import { errorResponse } from "tenantry";
 * declare const handle: (request: Request) => Promise<Response>;
 * const fetch = (request: Request) => handle(request).catch(errorResponse);
 * ```
 */
export const errorResponse = (error: unknown): Response => safeResponse(sanitize(error));

/** The web `Response` of an error that may leave. */
export function safeResponse({ code, message, status, details }: SafeError): Response {
  const waitMs = retryAfterMs(details);
  const headers: Record<string, string> = {
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    ...(waitMs === undefined ? {} : { "retry-after": String(Math.ceil(waitMs / 1_000)) }),
  };
  const problem = { type: `urn:tenantry:error:${code}`, title: message, status, code, details };
  return new Response(JSON.stringify(problem), { status, headers });
}

/** A copy of what JSON can hold; bytes, functions and instances of classes stay behind. */
function plainJson(value: unknown, depth: number): JsonValue | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "bigint":
      return String(value);
    case "object":
      break;
    default:
      return undefined;
  }
  if (value === null) return null;
  if (depth >= depthMax) return undefined;
  return Array.isArray(value) ? value.map((item) => plainJson(item, depth + 1) ?? null) : plainObject(value, depth);
}

function plainObject(value: object, depth: number): { readonly [key: string]: JsonValue } | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  const entries: [string, JsonValue][] = [];
  for (const [key, item] of Object.entries(value)) {
    const plain = plainJson(item, depth + 1);
    if (plain !== undefined) entries.push([key, plain]);
  }
  return Object.fromEntries(entries);
}
