import type { Attempts } from "../../shared/kernel/attempts.ts";
import type { BoundedCache, BoundedCacheOptions } from "../../shared/kernel/bounded-cache.ts";
import type { RedisPort } from "../../shared/redis/port.ts";
import type { Blocked } from "./blocked.ts";
import type { LimitSpace } from "./keys.ts";
import type { Policy } from "./policy.ts";

/** What the pattern needs of its surroundings for one request. */
export interface LimiterAccess {
  readonly redis: RedisPort;
  readonly attempts: Attempts;
  readonly space: LimitSpace;
  /** 128 random bits, in characters of base64url. */
  readonly newId: () => string;
  /** Policies that this isolate goes by, by tenant and name. */
  readonly policies: BoundedCache<Policy>;
  /** The same policies for longer, for what to do while the store does not answer. */
  readonly lastKnown: BoundedCache<Policy>;
  /** Checks that cannot pass yet. */
  readonly blocked: BoundedCache<Blocked>;
}

/** A change of a policy is known to every isolate after this. */
const POLICY_TTL_MS = 5_000;

export const POLICIES: BoundedCacheOptions = { entriesMax: 1_000, ttlMs: POLICY_TTL_MS };
export const LAST_KNOWN: BoundedCacheOptions = { entriesMax: 1_000, ttlMs: 600_000 };
