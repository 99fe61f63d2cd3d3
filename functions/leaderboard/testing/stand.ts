/**
 * @module
 * The pattern over a real Redis as a test drives it: each call is a request with a deadline of its own, and
 * the Worker's clock can be wrong.
 */
import { boundedCache } from "../../../shared/kernel/bounded-cache.ts";
import { deadlineAfter } from "../../../shared/kernel/deadline.ts";
import { sleep } from "../../../shared/kernel/time.ts";
import { storeTraffic } from "../../../shared/kernel/traffic.ts";
import type { RedisPort } from "../../../shared/redis/port.ts";
import { upstashDatabase } from "../../../shared/redis/upstash.ts";
import { KNOWN_BOARDS, type LeaderboardAccess } from "../access.ts";
import type { Board, BoardDefinition } from "../board.ts";
import { type BoardKeys, boardKeys } from "../keys.ts";

export interface Stand {
  /** A request; its deadline starts now. */
  request(options?: { readonly deadlineMs?: number }): LeaderboardAccess;
  /** Sets the Worker's clock ahead of the store's, or behind. */
  setAhead(ms: number): void;
  keys(board: string): BoardKeys;
  /** Another isolate of the same deployment: it has cached nothing yet. */
  another(): Stand;
}

export interface StandOptions {
  /** Stands between the pattern and the store. */
  readonly wrap?: (port: RedisPort) => RedisPort;
  readonly instance?: string;
}

/** One isolate with boards that no other test has. */
export function createStand(
  database: { readonly url: string; readonly token: string },
  { wrap = (port) => port, instance = `test-${crypto.randomUUID()}` }: StandOptions = {},
): Stand {
  let aheadMs = 0;
  const clock = () => Date.now() + aheadMs;
  const redis = upstashDatabase(database, clock);
  const known = boundedCache<Board>(KNOWN_BOARDS);
  const space = { instance, tenant: "test" };
  return {
    request({ deadlineMs = 10_000 } = {}) {
      const deadline = deadlineAfter(clock, deadlineMs);
      return {
        redis: wrap(redis.port({ traffic: storeTraffic(clock), deadline })),
        attempts: { deadline, clock, random: () => 0.5, sleep },
        space,
        newId: () => crypto.randomUUID().replaceAll("-", ""),
        known,
      };
    },
    setAhead(ms) {
      aheadMs = ms;
    },
    keys: (board) => boardKeys(space, board),
    another: () => createStand(database, { wrap, instance }),
  };
}

export function definitionOf(definition: Partial<BoardDefinition> = {}): BoardDefinition {
  return {
    order: "desc",
    mode: "set",
    tie: "member",
    windows: [],
    rankMode: "ordinal",
    ...definition,
  };
}
