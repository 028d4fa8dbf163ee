/** Answers through a response of Node's: the library's headers in place of a handler's, and nothing left of one that failed. */
import type { Exchange } from "../door/exchange.js";
import { Lifetime } from "../door/lifetime.js";

type HeaderValue = number | string | readonly string[];

/**
 * What the middlewares use of a response of Node's.
 *
 * @example
 * ```ts
 * import type { NodeResponse } from "tenantry/http";
 * const begun = (response: NodeResponse) => response.headersSent;
 * ```
 */
export interface NodeResponse {
  statusCode: number;
  readonly headersSent: boolean;
  readonly writableFinished: boolean;
  readonly destroyed: boolean;
  getHeaderNames(): string[];
  getHeader(name: string): number | string | string[] | undefined;
  setHeader(name: string, value: number | string | readonly string[]): unknown;
  removeHeader(name: string): void;
  end(body: string): unknown;
  once(event: "close", listener: () => void): unknown;
}

/** The headers of an answer, wherever the framework has them. */
export interface AnswerHeaders {
  readonly names: () => readonly string[];
  readonly get: (name: string) => HeaderValue | undefined;
  readonly set: (name: string, value: HeaderValue) => unknown;
  readonly remove: (name: string) => unknown;
}

const headersOf = (response: NodeResponse): AnswerHeaders => ({
  names: () => response.getHeaderNames(),
  get: (name) => response.getHeader(name),
  set: (name, value) => response.setHeader(name, value),
  remove: (name) => response.removeHeader(name),
});

/** Headers that were there when a request came to the door: they stay when what a handler said does not. */
const kept = new WeakMap<Exchange, ReadonlyMap<string, HeaderValue>>();

/**
 * The lifetime of a response's request. To be asked for before anything is waited for: a client that is gone by then is
 * never told of again.
 */
export function lifetimeOf(response: NodeResponse): Lifetime {
  const lifetime = new Lifetime();
  const end = (): void => lifetime.end(response.writableFinished ? "sent" : "gone");
  if (response.destroyed) end();
  else response.once("close", end);
  return lifetime;
}

/**
 * Ties a response to the exchange of its request. To be called before any handler.
 *
 * @param headers Where the framework has those of the answer.
 */
export function tieResponse(response: NodeResponse, exchange: Exchange, headers = headersOf(response)): void {
  const stay = headers.names().flatMap((name): [string, HeaderValue][] => {
    const value = headers.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  kept.set(exchange, new Map(stay));
  sealHead(response, exchange);
}

type WriteHead = (this: unknown, status: number, ...more: readonly unknown[]) => unknown;
const isFunction = (value: unknown): value is WriteHead => typeof value === "function";

/**
 * Puts the headers that every answer behind the door has in place of a handler's, at the last moment: when the head of the
 * response is written, by a handler or by Node.
 */
function sealHead(response: NodeResponse, exchange: Exchange): void {
  const writeHead: unknown = Reflect.get(response, "writeHead");
  if (!isFunction(writeHead)) return;
  const value: WriteHead = function (status, ...more) {
    const given = more.find((one) => typeof one === "object" && one !== null);
    const own = given === undefined ? new Map<string, unknown[]>() : valuesOf(given);
    const vary = [response.getHeader("vary"), ...(own.get("vary") ?? [])].flat();
    const sealed = new Headers({ vary: vary.filter((one) => typeof one === "string").join(", ") });
    exchange.seal(sealed);
    for (const [name, text] of sealed) {
      own.delete(name);
      response.setHeader(name, text);
    }
    const rest = Object.fromEntries([...own].map(([name, all]) => [name, all.length === 1 ? all[0] : all]));
    return writeHead.call(this, status, ...more.map((one) => (one === given ? rest : one)));
  };
  Object.defineProperty(response, "writeHead", { value, configurable: true, writable: true });
}

/** All values by the names, in lower case, of the headers given to `writeHead`: an object, or an array of both in turn. */
function valuesOf(given: object): Map<string, unknown[]> {
  const isFlat = Array.isArray(given) && !Array.isArray(given[0]);
  const pairs: readonly unknown[] = isFlat ? given : (Array.isArray(given) ? given : Object.entries(given)).flat();
  const all = new Map<string, unknown[]>();
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    const name = String(pairs[at]).toLowerCase();
    all.set(name, [...(all.get(name) ?? []), pairs[at + 1]].flat());
  }
  return all;
}

/** What a handler that failed may have said of the body it did not send. */
const ofBody = /^(?:content-|etag$|last-modified$|accept-ranges$|transfer-encoding$)/;

/** Puts the headers of a problem in place of all that was said of an answer since its request came to the door. */
export function replaceHeaders(headers: AnswerHeaders, exchange: Exchange, problem: Response): void {
  const stay = kept.get(exchange);
  for (const name of headers.names()) {
    if (stay === undefined ? ofBody.test(name) : !stay.has(name)) headers.remove(name);
  }
  for (const [name, value] of [...(stay ?? []), ...problem.headers]) headers.set(name, value);
}

/** Answers with a problem. */
export async function sendProblem(response: NodeResponse, exchange: Exchange, problem: Response): Promise<void> {
  replaceHeaders(headersOf(response), exchange, problem);
  response.statusCode = problem.status;
  response.end(await problem.text());
}
