/**
 * @module
 * The least that any Worker must do for a pattern's hot operations: a bare Hono route that makes the same
 * store calls with the same SDK, the same scripts and the same keys, and nothing else. No auth, no
 * validation, no idempotency check of its own, no deadline, no counts. It answers the same requests as the
 * Worker and works on the same data, so that `npm run bench` can send either the same load.
 */
import { Hono } from "hono";
import { ALL_TIME, boardKeys } from "../../functions/leaderboard/keys.ts";
import pageSource from "../../functions/leaderboard/page.lua";
import submitSource from "../../functions/leaderboard/submit.lua";
import gcraSource from "../../functions/rate-limiting/gcra.lua";
import { limitKeys } from "../../functions/rate-limiting/keys.ts";
import { storeKey } from "../../shared/redis/keys.ts";
import { lineStreamsFloor } from "./line-streams.ts";
import { sessionStoreFloor } from "./session-store.ts";
import { type FloorEnv, memoized, redisOf, sha1Of } from "./store.ts";

const SUBMIT_SHA = sha1Of(submitSource);
const PAGE_SHA = sha1Of(pageSource);
const GCRA_SHA = sha1Of(gcraSource);

const DAY_MS = 86_400_000;
/** What the pattern sends for a submit, in the same places and of the same size. */
const WRITE_EXPIRES_MS = 1_900;
const FINGERPRINT = "0".repeat(32);
const NONCE = "A".repeat(22);
const MEMBERS_MAX = 1_000_000;
/** Characters in front of a member on boards that order ties by time. */
const PLACE_CHARACTERS = 17;

const app = new Hono<{ Bindings: FloorEnv }>()
  .post("/leaderboard/boards/:board/scores", async (c) => {
    const { redis, boardText, space } = floorOf(c.env);
    const { member, score } = await c.req.json<{ member: string; score: number }>();
    const keys = boardKeys(space, c.req.param("board"));
    const expiresAtMs = Date.now() + WRITE_EXPIRES_MS;
    const [, answer] = await redis.exec<[string, string]>([
      "EVALSHA",
      ...[SUBMIT_SHA, 6],
      keys.operation(`caller-${c.req.header("Idempotency-Key")}`),
      ...[keys.board, keys.metadata, keys.members, keys.sequence, keys.ranking(ALL_TIME)],
      ...[await boardText(keys.board), expiresAtMs, expiresAtMs + DAY_MS, expiresAtMs + 1_000],
      ...[FINGERPRINT, NONCE, Math.floor(Date.now() / DAY_MS), "set", "earliest", "ordinal"],
      ...[MEMBERS_MAX, "  ", "desc", ALL_TIME, 0, member, -score, ""],
    ]);
    return c.json({ answer });
  })
  .get("/leaderboard/boards/:board/top", async (c) => {
    const { redis, boardText, space } = floorOf(c.env);
    const keys = boardKeys(space, c.req.param("board"));
    const [, total, , , entries] = await redis.exec<[string, number, number, number, string[]]>([
      "EVALSHA_RO",
      ...[PAGE_SHA, 3, keys.board, keys.ranking(ALL_TIME), keys.metadata],
      ...[await boardText(keys.board), "", "ordinal", PLACE_CHARACTERS],
      ...[Number(c.req.query("limit")), 0, "", ""],
    ]);
    return c.json({ total, entries });
  })
  .post("/rate-limiting/policies/:policy/check", async (c) => {
    const { redis, space } = floorOf(c.env);
    const { key } = await c.req.json<{ key: string }>();
    const [, allowed, , remaining, resetMs, retryAfterMs] = await redis.exec<number[]>([
      "EVALSHA",
      ...[GCRA_SHA, 1, limitKeys(space).level(c.req.param("policy"), key)],
      ...[1, 1_000_000, 1_000, 1_000_000, 1, 6_000, 1],
    ]);
    return c.json({ allowed: allowed === 1, limit: 1_000_000, remaining, resetMs, retryAfterMs });
  })
  .get("/cache-aside/items/:id", async (c) => {
    const { redis, space } = floorOf(c.env);
    const items = { ...space, pattern: "cache-aside", node: null };
    const entry = await redis.exec<string>(["GET", storeKey(items, "data", c.req.param("id"))]);
    return c.body(entry.slice(entry.indexOf("\n") + 1), 200, {
      "Content-Type": "application/json",
    });
  })
  .route("/line-streams", lineStreamsFloor)
  .route("/session-store", sessionStoreFloor);

const floorOf = memoized((env: FloorEnv) => {
  const redis = redisOf(env);
  const boards = new Map<string, string>();
  return {
    redis,
    space: { instance: env.INSTANCE, tenant: env.TENANT },
    /** A board's configuration, read once an isolate, as the pattern caches it. */
    async boardText(key: string): Promise<string> {
      const known = boards.get(key) ?? (await redis.exec<string>(["GET", key]));
      if (boards.size < BOARDS_MAX) boards.set(key, known);
      return known;
    },
  };
});

/** A bench uses one board a run. */
const BOARDS_MAX = 100;

export default {
  fetch: app.fetch,
  /** The host fires it every few seconds, as it does for the Worker. */
  scheduled: () => {},
} satisfies ExportedHandler<FloorEnv>;
