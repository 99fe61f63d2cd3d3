/**
 * @module
 * The cookie: what stands in it, how it is told from a forged one, and with which attributes it travels.
 *
 *     1+<kid>+<tenant>+<user hash>+<public id>+<token>+<mac>
 *
 * The MAC is HMAC-SHA-256 under the secret `kid`, over the deployment's instance and all that stands before
 * it. So a cookie that was not made here is refused without asking anybody, and one that was leads to its
 * session and to its user without a look-up. Only the token is secret.
 */
import type { SessionName } from "./keys.ts";
import { isSame, mac, type SigningSecret, secretOf, TOKEN_CHARACTERS } from "./tokens.ts";

export interface SessionCookie extends SessionName {
  readonly tenant: string;
  readonly token: string;
}

/** Who may read a cookie: the deployment and its secrets, newest first. */
export interface CookieKeys {
  readonly instance: string;
  readonly secrets: readonly SigningSecret[];
}

const VERSION = "1";
/** Stands in no name, and needs no escape in a cookie (RFC 6265 section 4.1.1). */
const SEPARATOR = "+";

const COOKIE = new RegExp(
  `^1\\+([A-Za-z][A-Za-z0-9_-]{0,31})\\+([A-Za-z0-9._~:@-]{1,128})\\+([0-9a-f]{32})\\+([A-Za-z0-9_-]{22})\\+([A-Za-z0-9_-]{${TOKEN_CHARACTERS}})\\+([A-Za-z0-9_-]{43})$`,
);

export function sealCookie(
  { tenant, userHash, publicId, token }: SessionCookie,
  instance: string,
  { kid, secret }: SigningSecret,
): string {
  const text = [VERSION, kid, tenant, userHash, publicId, token].join(SEPARATOR);
  return text + SEPARATOR + sealOf(text, instance, secret);
}

/** Null for a cookie that none of the secrets has sealed for this deployment. */
export function openCookie(text: string, { instance, secrets }: CookieKeys): SessionCookie | null {
  const [, kid, tenant, userHash, publicId, token, seal] = COOKIE.exec(text) ?? [];
  if (!kid || !tenant || !userHash || !publicId || !token || !seal) return null;
  const secret = secretOf(secrets, kid);
  if (secret === null) return null;
  const sealed = text.slice(0, text.length - seal.length - SEPARATOR.length);
  return isSame(sealOf(sealed, instance, secret), seal)
    ? { tenant, userHash, publicId, token }
    : null;
}

function sealOf(text: string, instance: string, secret: string): string {
  return mac(secret, `session-cookie\n${instance}\n${text}`);
}

/** How the cookie travels, which hangs on how the request came. */
export interface CookieContext {
  readonly name: "__Host-sid" | "sid";
  readonly isSecure: boolean;
}

/** Of a URL as requests have it: normal already, so that nobody needs to take it apart. */
const PLAIN = /^http:\/\/(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d+)?\//;
const SECURE_CONTEXT: CookieContext = { name: "__Host-sid", isSecure: true };
const PLAIN_CONTEXT: CookieContext = { name: "sid", isSecure: false };

/** `__Host-sid` unless it is plain http to this very machine, where a browser would not take that. */
export function cookieContext(url: string): CookieContext {
  return PLAIN.test(url) ? PLAIN_CONTEXT : SECURE_CONTEXT;
}

/** What RFC 6265 has around a pair. Not `trim()`: a browser keeps a name with another space as one without a prefix. */
const AROUND_PAIR = /^[ \t]+|[ \t]+$/g;

/** The one cookie of this name in a `Cookie` header; null when there is none, or two that differ. */
export function cookieIn(header: string | undefined, name: CookieContext["name"]): string | null {
  if (header === undefined || !header.includes(name)) return null;
  const values = header
    .split(";")
    .map((pair) => pair.replace(AROUND_PAIR, ""))
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  const [first] = values;
  return first !== undefined && values.every((value) => value === first) ? first : null;
}

/** A `Set-Cookie`; without a text it makes the browser forget the one it has. */
export function setCookie({ name, isSecure }: CookieContext, text: string, maxAgeMs: number) {
  const secure = isSecure ? "; Secure" : "";
  const maxAgeS = Math.floor(maxAgeMs / 1_000);
  return `${name}=${text}; Max-Age=${maxAgeS}; Path=/; HttpOnly${secure}; SameSite=Lax`;
}

export function forgetCookie(context: CookieContext): string {
  return setCookie(context, "", 0);
}
