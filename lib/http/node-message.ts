/** Between Node's messages and web standards, for frameworks that have the former. */

/**
 * Headers as Node parses them.
 *
 * @example
 * ```ts
 * import type { NodeHeaders } from "tenantry/http";
 * const headers: NodeHeaders = { host: "example.com", "set-cookie": ["a=1", "b=2"] };
 * ```
 */
export type NodeHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The headers of a request, as web standards have them. */
export function webHeaders(headers: NodeHeaders): Headers {
  const all = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    // HTTP/2 has names that are not headers.
    if (value === undefined || name.startsWith(":")) continue;
    for (const one of typeof value === "string" ? [value] : value) all.append(name, one);
  }
  return all;
}
