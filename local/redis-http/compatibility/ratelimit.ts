/**
 * @module
 * Does each algorithm of @upstash/ratelimit limit as it promises through redis-http?
 *
 * Windows are a day long, so that none ends during a case; the cache of rejections is off, so that
 * each answer comes from Redis.
 */
import { deepStrictEqual, ok } from "node:assert/strict";
import { IpDenyList, MultiRegionRatelimit, Ratelimit } from "@upstash/ratelimit";
import type { Redis } from "@upstash/redis";

export interface Regions {
  readonly main: Redis;
  /** Databases of their own. */
  readonly others: readonly Redis[];
  /** HTTP requests to `main` so far. */
  readonly requests: () => number;
}

/** Resolves when what the name says is so. Rejects with what is not. */
export type RatelimitCase = (regions: Regions) => Promise<void>;

type Limiter = ConstructorParameters<typeof Ratelimit>[0]["limiter"];

const CACHED = Ratelimit.cachedFixedWindow(3, "1 d");

const ALGORITHMS: Readonly<Record<string, Limiter>> = {
  fixedWindow: Ratelimit.fixedWindow(3, "1 d"),
  slidingWindow: Ratelimit.slidingWindow(3, "1 d"),
  tokenBucket: Ratelimit.tokenBucket(1, "1 d", 3),
  cachedFixedWindow: CACHED,
};

const MULTI_REGION = {
  fixedWindow: MultiRegionRatelimit.fixedWindow(3, "1 d"),
  slidingWindow: MultiRegionRatelimit.slidingWindow(3, "1 d"),
};

export const RATELIMIT_CASES: Readonly<Record<string, RatelimitCase>> = {
  ...each(ALGORITHMS, "limit: three pass, the fourth is refused", async (limiter, { main }) => {
    const ratelimit = single(main, limiter);
    deepStrictEqual(await passes(ratelimit, 5), [true, true, true, false, false]);
    deepStrictEqual(await passes(ratelimit, 1, "another"), [true]);
  }),
  ...each(
    ALGORITHMS,
    "getRemaining: tells what is left and takes nothing",
    async (limiter, { main }) => {
      const ratelimit = single(main, limiter);
      deepStrictEqual((await ratelimit.getRemaining("id")).remaining, 3);
      await passes(ratelimit, 2);
      deepStrictEqual((await ratelimit.getRemaining("id")).remaining, 1);
      deepStrictEqual((await ratelimit.getRemaining("id")).remaining, 1);
    },
  ),
  ...each(ALGORITHMS, "resetUsedTokens: begins anew", async (limiter, { main }) => {
    const ratelimit = single(main, limiter);
    await passes(ratelimit, 4);
    await ratelimit.resetUsedTokens("id");
    deepStrictEqual((await ratelimit.getRemaining("id")).remaining, 3);
  }),
  ...each(ALGORITHMS, "rate: one call may take several", async (limiter, { main }) => {
    const ratelimit = single(main, limiter);
    const first = await ratelimit.limit("id", { rate: 2 });
    await first.pending;
    deepStrictEqual([first.success, first.remaining], [true, 1]);
    deepStrictEqual((await ratelimit.limit("id", { rate: 2 })).success, false);
  }),
  ...each(
    dynamic(),
    "dynamicLimits: a limit set later holds at once",
    async (limiter, { main }) => {
      const ratelimit = single(main, limiter, { dynamicLimits: true });
      await ratelimit.setDynamicLimit({ limit: 1 });
      deepStrictEqual(await ratelimit.getDynamicLimit(), { dynamicLimit: 1 });
      deepStrictEqual(await passes(ratelimit, 2), [true, false]);
      await ratelimit.setDynamicLimit({ limit: false });
      deepStrictEqual(await ratelimit.getDynamicLimit(), { dynamicLimit: null });
    },
  ),
  "first use: NOSCRIPT, then one request a call": async ({ main, requests }) => {
    await main.scriptFlush();
    const ratelimit = single(main, Ratelimit.slidingWindow(3, "1 d"));
    const before = requests();
    await ratelimit.limit("id");
    deepStrictEqual(requests() - before, 2);
    await ratelimit.limit("id");
    deepStrictEqual(requests() - before, 3);
  },
  "blockUntilReady: waits for the next window": async ({ main }) => {
    const ratelimit = single(main, Ratelimit.fixedWindow(1, "200 ms"));
    deepStrictEqual(await passes(ratelimit, 1), [true]);
    deepStrictEqual((await ratelimit.blockUntilReady("id", 5_000)).success, true);
  },
  "ephemeralCache: a refused caller costs no request": async ({ main, requests }) => {
    const limiter = Ratelimit.fixedWindow(1, "1 d");
    const ratelimit = single(main, limiter, { ephemeralCache: new Map() });
    deepStrictEqual(await passes(ratelimit, 2), [true, false]);
    const before = requests();
    deepStrictEqual((await ratelimit.limit("id")).reason, "cacheBlock");
    deepStrictEqual(requests(), before);
  },
  "analytics: counts who was let through and who was not": async ({ main }) => {
    const limiter = Ratelimit.fixedWindow(1, "1 d");
    const ratelimit = single(main, limiter, { analytics: true });
    await passes(ratelimit, 3);
    const top = await analyticsOf(ratelimit).getMostAllowedBlocked(1, 5);
    deepStrictEqual(top.allowed, [{ identifier: "id", count: 1 }]);
    deepStrictEqual(top.ratelimited, [{ identifier: "id", count: 2 }]);
  },
  "enableProtection: a name on the deny list is refused": async ({ main }) => {
    const prefix = "protected";
    const limiter = Ratelimit.fixedWindow(3, "1 d");
    const ratelimit = single(main, limiter, { prefix, enableProtection: true });
    // The list of addresses comes from the network; switched off, only the own list is left.
    await IpDenyList.disableIpDenyList(main, prefix);
    await main.sadd(`${prefix}:denyList:all`, "bad-country");
    deepStrictEqual((await ratelimit.limit("id", { country: "fine" })).success, true);
    const denied = await ratelimit.limit("id", { country: "bad-country" });
    deepStrictEqual([denied.success, denied.reason], [false, "denyList"]);
  },
  ...each(
    MULTI_REGION,
    "MultiRegion limit: never more than promised in turn",
    async (limiter, regions) => {
      const ratelimit = multi(regions, limiter);
      deepStrictEqual(await passes(ratelimit, 5), [true, true, true, false, false]);
    },
  ),
  ...each(
    MULTI_REGION,
    "MultiRegion getRemaining, resetUsedTokens: as in one region",
    async (limiter, regions) => {
      const ratelimit = multi(regions, limiter);
      await passes(ratelimit, 2);
      deepStrictEqual((await ratelimit.getRemaining("id")).remaining, 1);
      await ratelimit.resetUsedTokens("id");
      // For fixed windows the library does not wait for its regions here.
      for (let asked = 0; asked < RESET_POLLS_MAX; asked += 1) {
        if ((await ratelimit.getRemaining("id")).remaining === 3) return;
      }
      throw new Error("the tokens were not reset");
    },
  ),
};

const RESET_POLLS_MAX = 200;

function each<L>(
  limiters: Readonly<Record<string, L>>,
  promise: string,
  run: (limiter: L, regions: Regions) => Promise<void>,
): Readonly<Record<string, RatelimitCase>> {
  const cases = Object.entries(limiters).map(([name, limiter]) => {
    return [`${name} ${promise}`, (regions: Regions) => run(limiter, regions)] as const;
  });
  return Object.fromEntries(cases);
}

/** cachedFixedWindow knows no dynamic limits. */
function dynamic(): Readonly<Record<string, Limiter>> {
  const { cachedFixedWindow: _, ...others } = ALGORITHMS;
  return others;
}

type Options = Partial<ConstructorParameters<typeof Ratelimit>[0]>;

function single(redis: Redis, limiter: Limiter, options: Options = {}): Ratelimit {
  // cachedFixedWindow cannot do without its cache.
  const ephemeralCache = limiter === CACHED ? new Map() : (false as const);
  return new Ratelimit({ redis, limiter, ephemeralCache, ...options });
}

function multi(
  { main, others }: Regions,
  limiter: (typeof MULTI_REGION)["fixedWindow"],
): MultiRegionRatelimit {
  return new MultiRegionRatelimit({ redis: [main, ...others], limiter, ephemeralCache: false });
}

/** Waits after each call for what it left in the background, so that regions agree. */
async function passes(
  ratelimit: Ratelimit | MultiRegionRatelimit,
  calls: number,
  identifier = "id",
): Promise<readonly boolean[]> {
  const passed: boolean[] = [];
  for (let call = 0; call < calls; call += 1) {
    const { success, pending, reason } = await ratelimit.limit(identifier);
    await pending;
    ok(reason !== "timeout", "the call timed out");
    passed.push(success);
  }
  return passed;
}

interface Analytics {
  getMostAllowedBlocked(
    hours: number,
    top: number,
  ): Promise<{ readonly allowed: readonly Count[]; readonly ratelimited: readonly Count[] }>;
}

interface Count {
  readonly identifier: string;
  readonly count: number;
}

/** The limiter keeps its analytics to itself. */
function analyticsOf(ratelimit: Ratelimit): Analytics {
  return Reflect.get(ratelimit, "analytics") as Analytics;
}
