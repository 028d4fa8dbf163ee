/** Requests of Node's, for frameworks that have them, and their headers as web standards have them. */

/**
 * Headers as Node parses them.
 *
 * @example
 * ```ts
 * import type { NodeHeaders } from "tenantry/http";
 * const idOf = (headers: NodeHeaders) => headers["x-request-id"];
 * ```
 */
export type NodeHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * What the middlewares use of a request of Node's.
 *
 * @example
 * ```ts
 * import type { NodeRequest } from "tenantry/http";
 * const isRead = ({ method }: NodeRequest) => method === "GET" || method === "HEAD";
 * ```
 */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly headers: NodeHeaders;
  /** Names and values in turn, as they were sent. */
  readonly rawHeaders?: readonly string[] | undefined;
}

/**
 * The headers of a request, all of them: of one that was sent twice, where there can be one, Node's own list has the first
 * alone.
 */
export function webHeaders({ headers, rawHeaders }: NodeRequest): Headers {
  const pairs: [string, string][] = [];
  if (rawHeaders === undefined) {
    for (const [name, value] of Object.entries(headers)) {
      for (const one of typeof value === "string" ? [value] : (value ?? [])) pairs.push([name, one]);
    }
  } else {
    for (let at = 0; at + 1 < rawHeaders.length; at += 2) pairs.push([rawHeaders[at] ?? "", rawHeaders[at + 1] ?? ""]);
  }
  const all = new Headers();
  for (const [name, value] of pairs) {
    // HTTP/2 has names that are not headers, and a host among them.
    if (!name.startsWith(":")) all.append(name, value);
    else if (name === ":authority" && !all.has("host")) all.set("host", value);
  }
  return all;
}
