/**
 * @module
 * Calls of the pattern in the short form that tests read best in. A cookie is its text, as a browser keeps it.
 */
import type { Change, Fields } from "../changes.ts";
import { openCookie, type SessionCookie } from "../cookie.ts";
import { createSession } from "../create.ts";
import { listSessions } from "../devices.ts";
import { endOtherSessions, endSession } from "../end.ts";
import { readSession } from "../read.ts";
import { type RotationReason, rotateSession } from "../rotate.ts";
import { type UpdateWish, updateSession } from "../update.ts";
import { NEW_SECRET, OLD_SECRET, type Stand } from "./stand.ts";

export interface BeginOptions {
  readonly userId?: string;
  readonly data?: Fields;
  readonly device?: string | null;
  readonly idempotencyKey?: string | null;
}

interface Timed {
  readonly deadlineMs?: number;
}

export function createCalls(stand: Stand) {
  const opened = (text: string): SessionCookie => {
    const cookie = openCookie(text, {
      instance: stand.instance,
      secrets: [OLD_SECRET, NEW_SECRET],
    });
    if (cookie === null) throw new Error("the cookie was not made here");
    return cookie;
  };
  const create = ({
    userId = `user-${crypto.randomUUID()}`,
    data = [],
    device = null,
    idempotencyKey = null,
    deadlineMs,
  }: BeginOptions & Timed = {}) =>
    createSession(stand.request(deadlineMs === undefined ? {} : { deadlineMs }), {
      tenant: "test",
      userId,
      data,
      device,
      idempotencyKey,
    });
  const update = (text: string, wish: UpdateWish, timed: Timed = {}) =>
    updateSession(stand.request(timed), opened(text), wish);
  return {
    opened,
    create,
    update,
    /** The cookie of a new session. */
    async begin(options: BeginOptions = {}): Promise<string> {
      const created = await create(options);
      if (created.kind !== "created") throw new Error(`the session is ${created.kind}`);
      return created.cookie;
    },
    read: (text: string, timed: Timed = {}) => readSession(stand.request(timed), opened(text)),
    /** Sets fields to numbers. */
    set: (text: string, fields: Readonly<Record<string, number>>, timed: Timed = {}) =>
      update(
        text,
        {
          changes: Object.entries(fields).map(
            ([field, value]): Change => ({
              kind: "set",
              name: `d:${field}`,
              value: String(value),
            }),
          ),
        },
        timed,
      ),
    rotate: (text: string, reason: RotationReason = "periodic", timed: Timed = {}) =>
      rotateSession(stand.request(timed), opened(text), reason),
    list: (text: string) => listSessions(stand.request(), opened(text)),
    end: (text: string, publicId?: string, timed: Timed = {}) =>
      endSession(stand.request(timed), opened(text), publicId),
    endOthers: (text: string, timed: Timed = {}) =>
      endOtherSessions(stand.request(timed), opened(text)),
    /** Whether the session lives for who has this cookie. */
    async lives(text: string): Promise<boolean> {
      return (await readSession(stand.request(), opened(text))).kind === "session";
    },
  };
}

/** The cookie to go on with; throws when there is none. */
export function nextCookie(reply: { readonly kind: string; readonly cookie?: string | null }) {
  if (typeof reply.cookie !== "string") throw new Error(`no cookie: ${reply.kind}`);
  return reply.cookie;
}
