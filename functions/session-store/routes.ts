/**
 * @module
 * HTTP face of the session store. A route parses, makes one call into the pattern, and chooses a status.
 */
import { type Context, Hono } from "hono";
import type { CallerOperation } from "../../shared/kernel/operation.ts";
import type { AppEnv } from "../http/app-env.ts";
import { endpoint } from "../http/endpoint.ts";
import { IDEMPOTENCY_KEY } from "../http/headers.ts";
import { preconditionOf } from "../http/precondition.ts";
import { badHeader, idempotencyMismatch, invalid } from "../http/problems.ts";
import type { SessionAccess } from "./access.ts";
import { type Change, type Fields, fieldChanges } from "./changes.ts";
import { cookieContext, forgetCookie, setCookie } from "./cookie.ts";
import { createSession, type Lifetime } from "./create.ts";
import { cookieOf, secretsOf } from "./credential.ts";
import { type Device, listSessions } from "./devices.ts";
import { endOtherSessions, endSession } from "./end.ts";
import {
  ADD_ARTICLE,
  CREATE,
  END,
  END_ONE,
  END_OTHERS,
  LIST,
  PATCH,
  PUT_ARTICLE,
  READ,
  REMOVE_ARTICLE,
  ROTATE,
} from "./endpoints.ts";
import { encodeFields } from "./fields.ts";
import { SESSION_POLICY } from "./policy.ts";
import {
  cartFull,
  noSession,
  preconditionFailed,
  quantityRange,
  tooLarge,
  tooManyFields,
  tooManySessions,
  unknownSecret,
} from "./problems.ts";
import { readSession } from "./read.ts";
import type { CartLine, Session } from "./record.ts";
import { rotateSession } from "./rotate.ts";
import { updateSession } from "./update.ts";

type Ctx = Context<AppEnv>;

export const sessionStoreRoutes = new Hono<AppEnv>()
  .post("/sessions", endpoint(CREATE), async (c) => {
    const { userId, data: given = [], device = null } = c.req.valid("json");
    const data = fieldsOf(c, "data", given);
    if (data instanceof Response) return data;
    const { tenant } = c.get("principal");
    const idempotencyKey = c.req.header(IDEMPOTENCY_KEY.name) ?? null;
    const wish = { tenant, userId, data, device, idempotencyKey };
    const created = await createSession(accessOf(c), wish);
    if ("isReplay" in created && created.isReplay) c.header("Idempotency-Replayed", "true");
    switch (created.kind) {
      case "created":
        handOut(c, created.cookie);
        return c.json(lifetimeReply(created), 201);
      case "too_many_sessions":
        return tooManySessions(c);
      case "too_large":
        return tooLarge(c);
      case "too_many_fields":
        return tooManyFields(c);
      case "idempotency_mismatch":
        return idempotencyMismatch(c);
      case "unknown_secret":
        return unknownSecret(c);
    }
  })
  .get("/sessions", endpoint(LIST), async (c) => {
    const found = await listSessions(accessOf(c), cookieOf(c));
    if (found.kind === "no_session") return noSession(c);
    handOut(c, found.cookie);
    return c.json({ sessions: found.devices.map(deviceReply) }, 200);
  })
  .delete("/sessions", endpoint(END_OTHERS), async (c) => {
    const others = await endOtherSessions(accessOf(c), cookieOf(c));
    if (others.kind === "no_session") return noSession(c);
    handOut(c, others.cookie);
    return c.json({ ended: others.ended }, 200);
  })
  .delete("/sessions/:publicId", endpoint(END_ONE), async (c) => {
    const { publicId } = c.req.valid("param");
    const cookie = cookieOf(c);
    if (publicId === cookie.publicId) return await signOut(c);
    const ended = await endSession(accessOf(c), cookie, publicId);
    if (ended.kind === "no_session") return noSession(c, ended);
    return ended.kind === "left_behind" ? noSession(c) : c.body(null, 204);
  })
  .get("/session", endpoint(READ), async (c) => {
    const found = await readSession(accessOf(c), cookieOf(c));
    if (found.kind === "no_session") return noSession(c);
    handOut(c, found.cookie);
    return c.body(sessionJson(found.session), 200, {
      "Content-Type": "application/json",
      ETag: `"${found.session.version}"`,
    });
  })
  .patch("/session", endpoint(PATCH), async (c) => {
    const { set: given = [], unset = [] } = c.req.valid("json");
    const set = fieldsOf(c, "set", given);
    if (set instanceof Response) return set;
    const updated = await update(c, { changes: fieldChanges(set, unset) });
    return updated instanceof Response ? updated : c.json({ version: updated.version }, 200);
  })
  .delete("/session", endpoint(END), signOut)
  .post("/session/rotate", endpoint(ROTATE), async (c) => {
    const rotated = await rotateSession(accessOf(c), cookieOf(c), c.req.valid("json").reason);
    if (rotated.kind === "no_session") return noSession(c, rotated);
    if (rotated.kind === "unknown_secret") return unknownSecret(c);
    handOut(c, rotated.cookie);
    return c.json(lifetimeReply(rotated), 200);
  })
  .put("/session/cart/:sku", endpoint(PUT_ARTICLE), async (c) => {
    const { quantity } = c.req.valid("json");
    const { sku } = c.req.valid("param");
    const changes: Change[] = [{ kind: "set", name: `c:${sku}`, value: String(quantity) }];
    const updated = await update(c, { changes, needsCart: true });
    return updated instanceof Response ? updated : c.json({ cart: cartReply(updated.cart) }, 200);
  })
  .post("/session/cart/:sku/add", endpoint(ADD_ARTICLE), async (c) => {
    const { quantity } = c.req.valid("json");
    const { sku } = c.req.valid("param");
    const changes: Change[] = [{ kind: "add", name: `c:${sku}`, value: quantity }];
    const idempotencyKey = c.req.header(IDEMPOTENCY_KEY.name);
    const caller =
      idempotencyKey === undefined ? null : { idempotencyKey, scope: `cart/${sku}/add` };
    const updated = await update(c, { changes, needsCart: true, caller });
    return updated instanceof Response ? updated : c.json({ cart: cartReply(updated.cart) }, 200);
  })
  .delete("/session/cart/:sku", endpoint(REMOVE_ARTICLE), async (c) => {
    const changes: Change[] = [{ kind: "unset", name: `c:${c.req.valid("param").sku}` }];
    const updated = await update(c, { changes });
    return updated instanceof Response ? updated : c.body(null, 204);
  });

function accessOf(c: Ctx): SessionAccess {
  const { redis, attempts, newId, config, afterReply } = c.get("deps");
  return {
    redis,
    attempts,
    newId,
    afterReply,
    instance: config.instance,
    secrets: secretsOf(c),
    policy: SESSION_POLICY,
  };
}

/** Sends a cookie with the reply, beside any that are there. */
function handOut(c: Ctx, cookie: string | null): void {
  if (cookie === null) return;
  const text = setCookie(cookieContext(c.get("url")), cookie, SESSION_POLICY.absoluteMs);
  c.header("Set-Cookie", text, { append: true });
}

/** A session that had ended before is as good: whoever asks wants it to be over. One that lives is not. */
async function signOut(c: Ctx): Promise<Response> {
  const ended = await endSession(accessOf(c), cookieOf(c));
  if (ended.kind === "left_behind") return noSession(c);
  c.header("Set-Cookie", forgetCookie(cookieContext(c.get("url"))), { append: true });
  return c.body(null, 204);
}

/** Texts to store, or the problem that says why there are none. */
function fieldsOf(c: Ctx, part: string, given: readonly [string, unknown][]): Fields | Response {
  const encoded = encodeFields(given);
  if (encoded.kind === "fields") return encoded.fields;
  const message = "must not hold a number beyond a double";
  return invalid(c, "bad_body", [{ at: `body.${part}.${encoded.field}`, message }]);
}

interface UpdateCall {
  readonly changes: readonly Change[];
  readonly needsCart?: boolean;
  readonly caller?: CallerOperation | null;
}

/** What was done, with its headers set, or the problem that says why nothing was. */
async function update(
  c: Ctx,
  call: UpdateCall,
): Promise<{ readonly version: string; readonly cart: readonly CartLine[] } | Response> {
  const condition = preconditionOf(c);
  if (condition === null || condition.kind === "absent") {
    return badHeader(c, { at: "header.If-None-Match", message: "means nothing here" });
  }
  const version = condition.kind === "version" ? condition.version : null;
  const updated = await updateSession(accessOf(c), cookieOf(c), { ...call, version });
  if ("isReplay" in updated) {
    handOut(c, updated.cookie);
    if (updated.isReplay) c.header("Idempotency-Replayed", "true");
  }
  switch (updated.kind) {
    case "done":
      c.header("ETag", `"${updated.version}"`);
      return updated;
    case "version":
      return preconditionFailed(c, updated.version);
    case "too_large":
      return tooLarge(c);
    case "too_many_fields":
      return tooManyFields(c);
    case "cart_full":
      return cartFull(c);
    case "quantity_range":
      return quantityRange(c);
    case "idempotency_mismatch":
      return idempotencyMismatch(c);
    case "no_session":
      return noSession(c);
  }
}

function lifetimeReply(lifetime: Lifetime) {
  const { publicId, createdAtMs, idleExpiresAtMs, absoluteExpiresAtMs } = lifetime;
  return {
    publicId,
    createdAt: createdAtMs,
    idleExpiresAt: idleExpiresAtMs,
    absoluteExpiresAt: absoluteExpiresAtMs,
  };
}

/** Fields are JSON already, and go out as they are. */
function sessionJson(session: Session): string {
  const { userId, version, lastSeenAtMs: lastSeenAt } = session;
  const fields = session.data.map(([field, json]) => `"${field}":${json}`);
  const before = JSON.stringify({ ...lifetimeReply(session), userId });
  const after = JSON.stringify({ cart: cartReply(session.cart), version, lastSeenAt });
  return `${before.slice(0, -1)},"data":{${fields.join(",")}},${after.slice(1)}`;
}

function cartReply(lines: readonly CartLine[]): Record<string, number> {
  return Object.fromEntries(lines);
}

function deviceReply({ publicId, device, createdAtMs, lastSeenAtMs, isCurrent }: Device) {
  return {
    publicId,
    device,
    createdAt: createdAtMs,
    lastSeenAt: lastSeenAtMs,
    current: isCurrent,
  };
}
