/** Requests that a browser sends: whether the service's own pages sent them, or somebody else's. */
import type { RequestHead } from "../access/index.js";

const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** The host that a request was sent to. */
function hostOf({ headers, url }: RequestHead): string | undefined {
  const host = headers.get("host") ?? undefined;
  return host ?? (url !== undefined && URL.canParse(url) ? new URL(url).host : undefined);
}

/**
 * Whether a request that carries a cookie may have been made by another site: by `Sec-Fetch-Site`, which no page can set,
 * and by `Origin` where a browser has not sent that. A link that somebody follows to a page of the service is none, nor is
 * a request of a program that is no browser, which sends neither.
 */
export function isCrossSite(head: RequestHead, origins: ReadonlySet<string>): boolean {
  const { headers, method = "" } = head;
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site");
  if (origin !== null && origins.has(origin)) return false;
  if (site !== null) {
    if (site === "same-origin" || site === "none") return false;
    const isLink = headers.get("sec-fetch-mode") === "navigate" && headers.get("sec-fetch-dest") === "document";
    return !(isLink && origin === null && safeMethods.has(method));
  }
  if (origin === null) return false;
  return !URL.canParse(origin) || new URL(origin).host !== hostOf(head);
}
