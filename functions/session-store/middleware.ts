/**
 * @module
 * Sessions for the routes of any Hono app.
 *
 *     app.use("/account/*", session({ access: (c) => sessionsOf(c.env), origins: ["https://app.example"] }));
 *     app.post("/account/theme", async (c) => {
 *       c.get("session").set("theme", (await c.req.json()).theme);
 *       return c.body(null, 204);
 *     });
 *
 * A route changes the session in memory; what it changed, and nothing else, is written when it has answered
 * and before its answer leaves. So nobody reads an older session than an answer they have seen spoke of. When the
 * session has ended meanwhile, or a bound would be broken, the answer says that instead. A route that throws
 * changes nothing.
 */
import type { Context, Env, MiddlewareHandler } from "hono";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import type { SessionAccess } from "./access.ts";
import { cookieContext, cookieIn, openCookie, type SessionCookie, setCookie } from "./cookie.ts";
import { type Created, createSession, type SessionWish } from "./create.ts";
import { CurrentSession } from "./current-session.ts";
import { type Refusal, refusal } from "./middleware-refusals.ts";
import { isTrusted } from "./origin.ts";
import { readSession } from "./read.ts";
import { updateSession } from "./update.ts";

export interface SessionOptions<E extends SessionEnv> {
  /** The store, the secrets and the policy for this request. */
  readonly access: (c: Context<E>) => SessionAccess;
  /** Origins beside the app's own from which a call may change something. Default none. */
  readonly origins?: readonly string[];
  /** What to answer without a session, such as a redirect to where one signs in. Default 401 `no_session`. */
  readonly onNoSession?: (c: Context<E>) => Response | Promise<Response>;
}

/** What routes behind the middleware find in their context. */
export interface SessionVariables {
  session: CurrentSession;
}

/** An app whose routes know the session. */
type SessionEnv = Env & { Variables: SessionVariables };

/** Answers 401 without a session, 403 to a change from elsewhere, and 503 when the store does not answer. */
export function session<E extends SessionEnv>({
  access: accessOf,
  origins = [],
  onNoSession = (c) => refusal(c, "no_session"),
}: SessionOptions<E>): MiddlewareHandler<E> {
  const serve: MiddlewareHandler<E> = async (c, next) => {
    const { method, url } = c.req;
    if (!isTrusted({ method, url, origin: () => c.req.header("Origin") }, origins)) {
      return refusal(c, "bad_origin");
    }
    const access = accessOf(c);
    const cookie = sentCookie(c, access);
    if (cookie === null) return await onNoSession(c);
    const found = await orUnavailable(() => readSession(access, cookie));
    if (found === "store_unavailable") return refusal(c, found);
    if (found.kind === "no_session") return await onNoSession(c);
    const current = new CurrentSession(access, cookie, found);
    c.set("session", current);
    await next();
    const refused = c.error === undefined ? await save(access, current) : null;
    if (refused !== null) {
      c.res = undefined;
      c.res = refusal(c, refused);
      c.header("Cache-Control", "no-store");
    }
    // What this request was given is of the session that has ended, and the browser may have a newer cookie by now.
    const text = refused === "no_session" ? null : current.setCookie(cookieContext(url));
    if (text !== null) c.header("Set-Cookie", text, { append: true });
    return undefined;
  };
  return async (c, next) => {
    const answer = await serve(c, next);
    if (answer !== undefined) c.res = answer;
    keepFromCaches(c);
  };
}

const VARIES = /(?:^|,)\s*(?:cookie|\*)\s*(?:,|$)/i;

/** When all is done: a Response that a route makes by itself has no headers that were set before. */
function keepFromCaches(c: Context): void {
  const { headers } = c.res;
  if (!headers.has("Cache-Control")) c.header("Cache-Control", "no-store");
  if (!VARIES.test(headers.get("Vary") ?? "")) c.header("Vary", "Cookie", { append: true });
}

/**
 * Begins a session and sends its cookie with the reply. Call it where somebody has proved who they are; what
 * came before, under whatever cookie, is not taken over.
 */
export async function signIn(
  c: Context,
  access: SessionAccess,
  wish: SessionWish,
): Promise<Created> {
  const created = await createSession(access, wish);
  if (created.kind === "created") {
    const text = setCookie(cookieContext(c.req.url), created.cookie, access.policy.absoluteMs);
    c.header("Set-Cookie", text, { append: true });
    c.header("Cache-Control", "no-store");
  }
  return created;
}

function sentCookie(c: Context, { instance, secrets }: SessionAccess): SessionCookie | null {
  const text = cookieIn(c.req.header("Cookie"), cookieContext(c.req.url).name);
  return text === null ? null : openCookie(text, { instance, secrets });
}

/** Null when all that was changed is stored. */
async function save(access: SessionAccess, current: CurrentSession): Promise<Refusal | null> {
  const changes = current.changes();
  if (changes.length === 0) return null;
  const updated = await orUnavailable(() => updateSession(access, current.cookie, { changes }));
  if (updated === "store_unavailable") return updated;
  switch (updated.kind) {
    case "done":
      return null;
    case "no_session":
    case "too_large":
    case "too_many_fields":
      return updated.kind;
    default:
      throw new TypeError(`a change of fields cannot be answered ${updated.kind}`);
  }
}

async function orUnavailable<Result>(
  work: () => Promise<Result>,
): Promise<Result | "store_unavailable"> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UpstreamError) return "store_unavailable";
    throw error;
  }
}
