/** Answers to what was thrown: problem details with the headers that belong to them. */
import { errorResponse, isTenantryError } from "../errors/index.js";

/** The challenge of a 401: RFC 6750 without a word about why, RFC 9470 where a stronger sign-in is asked for. */
function challengeOf(error: unknown): string {
  if (!isTenantryError(error, "MFA_REQUIRED")) return "Bearer";
  const { assurances, maxAgeS } = error.details;
  const quoted = assurances.join(" ").replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, "");
  const values = quoted === "" ? "" : `, acr_values="${quoted}"`;
  const age = maxAgeS === undefined ? "" : `, max_age="${Math.floor(maxAgeS)}"`;
  return `Bearer error="insufficient_user_authentication"${values}${age}`;
}

/**
 * The answer to what was thrown in a request: that of `errorResponse`, with the request's id, and the challenge that goes
 * with a 401.
 *
 * @example
 * ```ts
 * import { problemResponse } from "tenantry/http";
 * declare const handle: (request: Request) => Promise<Response>;
 * const answer = (request: Request, id: string) => handle(request).catch((error) => problemResponse(error, id));
 * ```
 */
export function problemResponse(error: unknown, requestId: string): Response {
  const response = errorResponse(error);
  response.headers.set("x-request-id", requestId);
  if (response.status === 401) response.headers.set("www-authenticate", challengeOf(error));
  return response;
}
