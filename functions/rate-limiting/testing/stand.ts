/**
 * @module
 * The limiter over a real Redis as a test drives it: each call is a request with a deadline of its own, and
 * the Worker's clock can be wrong.
 */
import { boundedCache } from "../../../shared/kernel/bounded-cache.ts";
import { deadlineAfter } from "../../../shared/kernel/deadline.ts";
import { sleep } from "../../../shared/kernel/time.ts";
import { storeTraffic } from "../../../shared/kernel/traffic.ts";
import type { RedisPort } from "../../../shared/redis/port.ts";
import { upstashDatabase } from "../../../shared/redis/upstash.ts";
import { LAST_KNOWN, type LimiterAccess, POLICIES } from "../access.ts";
import { BLOCKED, type Blocked } from "../blocked.ts";
import { type LimitKeys, limitKeys } from "../keys.ts";
import type { Policy, PolicyDefinition } from "../policy.ts";

export interface Stand {
  /** A request; its deadline starts now. */
  request(options?: { readonly deadlineMs?: number }): LimiterAccess;
  /** Sets the Worker's clock ahead of the store's, or behind. */
  setAhead(ms: number): void;
  readonly keys: LimitKeys;
  /** Another isolate of the same deployment: it has cached nothing yet. */
  another(): Stand;
}

export interface StandOptions {
  /** Stands between the pattern and the store. */
  readonly wrap?: (port: RedisPort) => RedisPort;
  readonly instance?: string;
}

/** One isolate with policies that no other test has. */
export function createStand(
  database: { readonly url: string; readonly token: string },
  { wrap = (port) => port, instance = `test-${crypto.randomUUID()}` }: StandOptions = {},
): Stand {
  let aheadMs = 0;
  const clock = () => Date.now() + aheadMs;
  const redis = upstashDatabase(database, clock);
  const policies = boundedCache<Policy>(POLICIES);
  const lastKnown = boundedCache<Policy>(LAST_KNOWN);
  const blocked = boundedCache<Blocked>(BLOCKED);
  const space = { instance, tenant: "test" };
  return {
    request({ deadlineMs = 10_000 } = {}) {
      const deadline = deadlineAfter(clock, deadlineMs);
      return {
        redis: wrap(redis.port({ traffic: storeTraffic(clock), deadline })),
        attempts: { deadline, clock, random: () => 0.5, sleep },
        space,
        newId: () => crypto.randomUUID().replaceAll("-", ""),
        policies,
        lastKnown,
        blocked,
      };
    },
    setAhead(ms) {
      aheadMs = ms;
    },
    keys: limitKeys(space),
    another: () => createStand(database, { wrap, instance }),
  };
}

/** Ten a minute by `gcra`, closed, unless said otherwise. */
export function definitionOf(definition: Partial<PolicyDefinition> = {}): PolicyDefinition {
  const limit = definition.limit ?? 10;
  return {
    algorithm: "gcra",
    limit,
    windowMs: 60_000,
    burst: limit,
    onError: "closed",
    ...definition,
  };
}
