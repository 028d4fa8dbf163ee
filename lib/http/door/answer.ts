/** Answers: problem details for what was thrown, and what every answer behind the door carries. */
import { isTenantryError, type SafeError, safeResponse, sanitize, tenantryError } from "../../errors/index.js";

/** What answers depend on, beside the path. */
const dependencies = ["Authorization", "Cookie"];

/** The `vary` of an answer that has one of its own, or none. */
function variesBy(given: string): string {
  const names = given.split(",").flatMap((name) => name.trim() || []);
  if (names.includes("*")) return "*";
  const known = new Set(names.map((name) => name.toLowerCase()));
  return [...names, ...dependencies.filter((name) => !known.has(name.toLowerCase()))].join(", ");
}

/**
 * The headers that every answer behind the door has, whatever the handler says: it is one subject's, in one tenant, and in
 * no cache. `vary` is what the answer has already.
 */
export const answerHeaders = (requestId: string, vary: string): readonly (readonly [string, string])[] => [
  ["x-request-id", requestId],
  ["cache-control", "private, no-store"],
  ["vary", variesBy(vary)],
];

/** The challenge of a 401: RFC 6750 without a word about why, RFC 9470 where a stronger sign-in is asked for. */
function challengeOf(error: unknown): string {
  if (!isTenantryError(error, "MFA_REQUIRED")) return "Bearer";
  const { assurances, maxAgeS } = error.details;
  const quoted = assurances.join(" ").replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, "");
  const values = quoted === "" ? "" : `, acr_values="${quoted}"`;
  const age = maxAgeS === undefined ? "" : `, max_age="${Math.floor(maxAgeS)}"`;
  return `Bearer error="insufficient_user_authentication"${values}${age}`;
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/**
 * The status of a refusal of a framework's own, such as of a body: that of an error of `http-errors` meant for clients
 * (Express and its parsers), of Fastify, or of Hono. Any other error may have a status that somebody else answered with.
 */
function refusedWith(error: unknown): number | undefined {
  if (!isObject(error) || isTenantryError(error)) return undefined;
  const said = (name: string): unknown => (name in error ? Reflect.get(error, name) : undefined);
  const code = said("code");
  const isRefusal =
    said("expose") === true ||
    (typeof code === "string" && code.startsWith("FST_")) ||
    typeof said("getResponse") === "function";
  const status = said("statusCode") ?? said("status");
  const isClients = typeof status === "number" && Number.isInteger(status) && status >= 400 && status < 500;
  return isRefusal && isClients ? status : undefined;
}

/** What may leave of an error that was thrown in a request. */
function safeError(error: unknown): SafeError {
  try {
    const status = refusedWith(error);
    if (status !== undefined) return { ...sanitize(tenantryError("REQUEST_INVALID", {})), status };
  } catch {
    // An error that cannot even be looked at is a bug as any.
  }
  return sanitize(error);
}

/**
 * The answer to what was thrown in a request, as the middlewares give it: that of `errorResponse` with the headers that
 * every answer behind the door has, the challenge that goes with a 401, and the status of a refusal of the framework's.
 *
 * @example
 * ```ts
 * import { problemResponse } from "tenantry/http";
 * declare const handle: (request: Request) => Promise<Response>;
 * const answer = (request: Request, id: string) => handle(request).catch((error) => problemResponse(error, id));
 * ```
 */
export function problemResponse(error: unknown, requestId: string): Response {
  const response = safeResponse(safeError(error));
  for (const [name, value] of answerHeaders(requestId, "")) response.headers.set(name, value);
  if (response.status === 401) response.headers.set("www-authenticate", challengeOf(error));
  return response;
}
