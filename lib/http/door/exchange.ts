/** One request and its answer: who came in, or why not, and what is told of it. */
import { tenantryError } from "../../errors/index.js";
import { answerHeaders, problemResponse } from "./answer.js";
import type { Lifetime } from "./lifetime.js";
import type { RequestScope } from "./request-scope.js";

/** What became of a request at the door. */
export type Entrance = { readonly scope: RequestScope } | { readonly refusal: unknown };

/** Told what a request is answered with: the error, and the status of the answer. */
export type OnProblem = (scope: RequestScope | undefined, error: unknown, status: number) => void;

export class Exchange {
  readonly requestId: string;
  readonly lifetime: Lifetime;
  readonly entrance: Entrance;
  readonly #onProblem: OnProblem;
  #told: { readonly error: unknown } | undefined;

  constructor(requestId: string, lifetime: Lifetime, entrance: Entrance, onProblem: OnProblem) {
    this.requestId = requestId;
    this.lifetime = lifetime;
    this.entrance = entrance;
    this.#onProblem = onProblem;
  }

  /** The answer to what was thrown; the door is told once of each error. */
  problem(error: unknown): Response {
    const response = problemResponse(error, this.requestId);
    this.failed(error, response.status);
    return response;
  }

  /** Tells the door of an error that is answered with a status, or cannot be answered any more. */
  failed(error: unknown, status: number): void {
    if (this.#told !== undefined && this.#told.error === error) return;
    this.#told = { error };
    this.#onProblem("scope" in this.entrance ? this.entrance.scope : undefined, error, status);
  }

  /** Puts the headers that every answer has in place of a handler's. */
  seal(headers: Headers): void {
    for (const [name, value] of answerHeaders(this.requestId, headers.get("vary") ?? "")) headers.set(name, value);
  }
}

const exchanges = new WeakMap<object, Exchange>();

/** Remembers a request's exchange for as long as there is the request. */
export function bindExchange(request: object, exchange: Exchange): void {
  exchanges.set(request, exchange);
}

/** The exchange of a request; undefined for one that came to no door. */
export const exchangeOf = (request: object): Exchange | undefined => exchanges.get(request);

/**
 * The scope of a request that passed a middleware of this package: of an Express or Fastify request, a web `Request`, or
 * the context of Hono.
 *
 * @throws `REQUEST_SCOPE_MISSING` for one that did not.
 *
 * @example
 * ```ts
 * import { entity } from "tenantry";
 * import { requestScope } from "tenantry/http";
 * import { z } from "zod";
 * const Note = entity("note", { version: 1, schema: z.object({ id: z.int(), text: z.string() }), id: ["id"] });
 * // app.get("/t/:tenant/notes", async (request, response) => response.json(await listNotes(request)));
 * const listNotes = (request: object) => requestScope(request).tenant.repository(Note).list({ limit: 50 });
 * ```
 */
export function requestScope(request: object): RequestScope {
  const entrance = exchanges.get(request)?.entrance;
  if (entrance === undefined || !("scope" in entrance)) throw tenantryError("REQUEST_SCOPE_MISSING", {});
  return entrance.scope;
}
