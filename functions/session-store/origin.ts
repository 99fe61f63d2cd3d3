/**
 * @module
 * Who may change something with a cookie that browsers send by themselves (OWASP, "Cross-Site Request Forgery
 * Prevention"). `SameSite=Lax` keeps other sites out; this keeps out other origins of the same site too.
 */
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

export interface RequestOrigin {
  readonly method: string;
  readonly url: string;
  /** The `Origin` header; asked for only where it matters. */
  readonly origin: () => string | undefined;
}

/** Whether a request comes from the service's own origin or from one of `origins`. Reading needs neither. */
export function isTrusted(
  { method, url, origin: originHeader }: RequestOrigin,
  origins: readonly string[],
): boolean {
  if (SAFE.has(method)) return true;
  const origin = originHeader();
  return origin !== undefined && (origin === originOf(url) || origins.includes(origin));
}

/** Of a URL as requests have it: normal already, so that nobody needs to take it apart. */
function originOf(url: string): string {
  return url.slice(0, url.indexOf("/", url.indexOf("://") + 3));
}
