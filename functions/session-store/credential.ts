/**
 * @module
 * The cookie as what opens an endpoint: read and judged before anything else of a request is looked at, without
 * asking a store.
 */
import type { Context } from "hono";
import type { BoundedCacheOptions } from "../../shared/kernel/bounded-cache.ts";
import type { AppEnv } from "../http/app-env.ts";
import type { CredentialSpec } from "../http/endpoint.ts";
import { NotConfigured } from "../http/not-configured.ts";
import { cookieContext, cookieIn, openCookie, type SessionCookie } from "./cookie.ts";
import { isTrusted } from "./origin.ts";
import { badOrigin, noSession } from "./problems.ts";
import type { SigningSecret } from "./tokens.ts";

type Ctx = Context<AppEnv>;

export const SESSION_COOKIE: CredentialSpec = {
  scheme: "sessionCookie",
  refuse(c) {
    const { sessionOrigins } = c.get("deps").config;
    const secrets = secretsOf(c);
    const [method, url, origin] = [c.req.method, c.get("url"), () => c.req.header("Origin")];
    if (!isTrusted({ method, url, origin }, sessionOrigins)) return badOrigin(c);
    const text = cookieIn(c.req.header("Cookie"), cookieContext(url).name);
    const cookie = text === null ? null : opened(c, text, secrets);
    if (cookie === null) return noSession(c);
    c.set("credential", new Admitted(cookie));
    return null;
  },
};

/** Cookies that this isolate has opened: a busy session pays for one HMAC a minute. */
const OPENED_COOKIES: BoundedCacheOptions = { entriesMax: 1_000, ttlMs: 60_000 };

function opened(c: Ctx, text: string, secrets: readonly SigningSecret[]): SessionCookie | null {
  const { caches, clock, config } = c.get("deps");
  const known = caches.named<SessionCookie>("session-store.cookies", OPENED_COOKIES);
  const nowMs = clock();
  const remembered = known.get(text, nowMs);
  if (remembered !== undefined) return remembered;
  const cookie = openCookie(text, { instance: config.instance, secrets });
  if (cookie !== null) known.set(text, cookie, nowMs);
  return cookie;
}

/** What the cookie of an admitted request says. */
export function cookieOf(c: Ctx): SessionCookie {
  const admitted = c.get("credential");
  if (!(admitted instanceof Admitted)) throw new TypeError("the endpoint takes no session cookie");
  return admitted.cookie;
}

/** @throws NotConfigured */
export function secretsOf(c: Ctx): readonly [SigningSecret, ...SigningSecret[]] {
  const { sessionSecrets, faults } = c.get("deps").config;
  if (faults.instance !== null) throw new NotConfigured(faults.instance);
  if (sessionSecrets !== null) return sessionSecrets;
  throw new NotConfigured(faults.sessionSecrets ?? "SESSION_SECRETS is not usable.");
}

/** A class, so that it is known from what another pattern's credential leaves. */
class Admitted {
  readonly cookie: SessionCookie;

  constructor(cookie: SessionCookie) {
    this.cookie = cookie;
  }
}
