import { boundedCache } from "../../shared/kernel/bounded-cache.ts";
import { deadlineAfter } from "../../shared/kernel/deadline.ts";
import type { Clock, Random, Sleep } from "../../shared/kernel/time.ts";
import { storeTraffic } from "../../shared/kernel/traffic.ts";
import { upstashDatabase } from "../../shared/redis/upstash.ts";
import { LAST_KNOWN, type LimiterAccess, POLICIES } from "./access.ts";
import { BLOCKED, type Blocked } from "./blocked.ts";
import type { LimitSpace } from "./keys.ts";
import type { Policy } from "./policy.ts";

/** A request waits no longer for the limiter. */
const DEADLINE_MS = 2_000;

export interface LimiterOptions {
  /** Of an Upstash Redis database. */
  readonly url: string;
  readonly token: string;
  /** Applications that share a database differ in it. */
  readonly space: LimitSpace;
  readonly clock: Clock;
  readonly random: Random;
  readonly sleep: Sleep;
  readonly newId: () => string;
}

export interface Limiter {
  /** What one request needs. */
  access(): LimiterAccess;
}

/** The limiter for an app of its own. Make one an isolate and keep it: it remembers who cannot pass yet. */
export function createLimiter(options: LimiterOptions): Limiter {
  const { url, token, space, clock, random, sleep, newId } = options;
  const database = upstashDatabase({ url, token }, clock);
  const policies = boundedCache<Policy>(POLICIES);
  const lastKnown = boundedCache<Policy>(LAST_KNOWN);
  const blocked = boundedCache<Blocked>(BLOCKED);
  return {
    access() {
      const deadline = deadlineAfter(clock, DEADLINE_MS);
      return {
        redis: database.port({ traffic: storeTraffic(clock), deadline }),
        attempts: { deadline, clock, random, sleep },
        space,
        newId,
        policies,
        lastKnown,
        blocked,
      };
    },
  };
}
