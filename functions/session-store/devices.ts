/**
 * @module
 * Where a user is signed in. The user's hash has a field for each session, so that a list takes one trip:
 *
 *     s:<public id>   `<created> <last seen> <expires> <device as JSON>`
 *
 * It is written with the session and when that is touched; what has expired is left out here, and removed at
 * the next creation.
 */
import { attemptRead } from "../../shared/kernel/attempts.ts";
import type { RedisReply } from "../../shared/redis/port.ts";
import { integer, list, MalformedReply, text } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import {
  keysOf,
  type NoSession,
  noSessionOf,
  type SessionAccess,
  successorCookie,
} from "./access.ts";
import type { SessionCookie } from "./cookie.ts";
import listSource from "./list.lua";
import { fieldPairs } from "./record.ts";
import { tokenHash } from "./tokens.ts";
import { type Life, touchIfDue } from "./touch.ts";

export interface Device {
  readonly publicId: string;
  /** What the creator of the session called it. */
  readonly device: string | null;
  readonly createdAtMs: number;
  /** True to half of the idle limit. */
  readonly lastSeenAtMs: number;
  /** Whether it is the session that asks. */
  readonly isCurrent: boolean;
}

export type Devices =
  | {
      readonly kind: "sessions";
      /** In the order in which they began. */
      readonly devices: readonly Device[];
      readonly cookie: string | null;
    }
  | NoSession;

/** One trip. Touches the session like a read. */
export async function listSessions(access: SessionAccess, cookie: SessionCookie): Promise<Devices> {
  const keys = keysOf(access, cookie);
  const found = await attemptRead(access.attempts, (timeoutMs) =>
    runList(access.redis, [keys.session, keys.user], [tokenHash(cookie.token)], { timeoutMs }),
  );
  if (found.kind === "no_session") return found;
  touchIfDue(access, cookie, found);
  const devices = found.entries
    .filter(({ expiresAtMs }) => expiresAtMs > found.nowMs)
    .map(({ expiresAtMs: _, ...device }) => ({
      ...device,
      isCurrent: device.publicId === cookie.publicId,
    }))
    .sort((a, b) => a.createdAtMs - b.createdAtMs || (a.publicId < b.publicId ? -1 : 1));
  return { kind: "sessions", devices, cookie: successorCookie(access, cookie, found.kid) };
}

interface Entry extends Omit<Device, "isCurrent"> {
  readonly expiresAtMs: number;
}

const runList = defineScript<
  [session: string, user: string],
  [tokenHash: string],
  | (Life & {
      readonly kind: "sessions";
      readonly entries: readonly Entry[];
      readonly kid: string;
    })
  | NoSession
>(listSource, (reply) => {
  const [kind, now, kid, until, absolute, flat] = list(reply);
  if (kind !== "sessions") return noSessionOf(kind) ?? malformed();
  return {
    kind,
    entries: entriesOf(flat),
    nowMs: integer(now),
    idleExpiresAtMs: integer(until),
    absoluteExpiresAtMs: integer(absolute),
    kid: text(kid),
  };
});

function entriesOf(flat: RedisReply | undefined): Entry[] {
  return fieldPairs(flat)
    .filter(([name]) => name.startsWith("s:"))
    .map(([name, value]) => {
      const [created, seen, expires, ...device] = value.split(" ");
      return {
        publicId: name.slice(2),
        createdAtMs: integer(created),
        lastSeenAtMs: integer(seen),
        expiresAtMs: integer(expires),
        device: deviceOf(device.join(" ")),
      };
    });
}

function deviceOf(json: string): string | null {
  try {
    const device: unknown = JSON.parse(json);
    return typeof device === "string" ? device : null;
  } catch {
    throw new MalformedReply();
  }
}

function malformed(): never {
  throw new MalformedReply();
}
