/**
 * @module
 * Wakes the polls that wait for a topic, and looks after its consumers by the clock. The class is a shell around
 * `wait-room.ts` and `upkeep.ts`; nothing in it is needed for a message to be delivered. Who waits may be
 * forgotten, and is then told so; which topic this is is kept in a row.
 */
import { DurableObject } from "cloudflare:workers";
import { deadlineAfter } from "../../shared/kernel/deadline.ts";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import { sleep } from "../../shared/kernel/time.ts";
import { storeTraffic } from "../../shared/kernel/traffic.ts";
import { type RedisDatabase, upstashDatabase } from "../../shared/redis/upstash.ts";
import { nextRoundMs, UPKEEP_MS } from "./rounds.ts";
import { upkeep, type WatchedTopic } from "./upkeep.ts";
import { WaitRoom, type Wake } from "./wait-room.ts";

/** Deadline of one round of upkeep; the platform lets an alarm run far longer. */
const ROUND_MS = 20_000;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS watched (
    one INTEGER PRIMARY KEY CHECK (one = 1), instance TEXT NOT NULL, tenant TEXT NOT NULL, topic TEXT NOT NULL,
    everyMs INTEGER NOT NULL
  )
`;

type Row = { instance: string; tenant: string; topic: string; everyMs: number };

const clock = () => Date.now();

export class StreamMonitor extends DurableObject<Env> {
  readonly #room = new WaitRoom({
    clock,
    after(ms, work) {
      const timer = setTimeout(work, ms);
      return { cancel: () => clearTimeout(timer) };
    },
  });
  readonly #redis: RedisDatabase | null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(SCHEMA);
    this.#redis = redisOf({ ...env });
  }

  /** Whatever is appended after this call wakes the waiter, or another one of its group. */
  async register(group: string, waiter: string): Promise<"registered" | "too_many_waiters"> {
    return this.#room.register(group, waiter);
  }

  /** Answers when the waiter is to look, or after `waitMs`; `unknown` when it must register anew. */
  async next(group: string, waiter: string, waitMs: number, dueInMs: number | null): Promise<Wake> {
    return await this.#room.next(group, waiter, waitMs, dueInMs);
  }

  /** The waiter waits no longer; with `hasMore` another one looks. */
  async done(group: string, waiter: string, hasMore: boolean): Promise<void> {
    this.#room.done(group, waiter, hasMore);
  }

  /** Messages were appended to the topic. */
  async appended(): Promise<void> {
    this.#room.stirAll();
  }

  /** Messages of the group may be claimed in `dueInMs`. */
  async due(group: string, dueInMs: number): Promise<void> {
    if (dueInMs <= 0) this.#room.stir(group);
    else this.#room.due(group, dueInMs);
  }

  /** From now on this topic's consumers and old messages are looked after. Safe to repeat. */
  async watch({ instance, tenant, topic }: WatchedTopic): Promise<void> {
    this.ctx.storage.sql.exec(
      "INSERT OR REPLACE INTO watched VALUES (1, ?, ?, ?, ?)",
      instance,
      tenant,
      topic,
      UPKEEP_MS,
    );
    await this.ctx.storage.setAlarm(clock() + UPKEEP_MS);
  }

  /** Runs at least once for each round; what it does may be done twice. */
  override async alarm(): Promise<void> {
    const { storage } = this.ctx;
    const watched = storage.sql.exec<Row>("SELECT * FROM watched").toArray()[0];
    if (watched === undefined) return;
    const everyMs = nextRoundMs(watched.everyMs, await this.#round(watched));
    if (everyMs === null) {
      storage.sql.exec("DELETE FROM watched");
      return;
    }
    storage.sql.exec("UPDATE watched SET everyMs = ?", everyMs);
    await storage.setAlarm(clock() + everyMs);
  }

  async #round(watched: WatchedTopic): Promise<"busy" | "idle" | "gone" | "failed"> {
    if (this.#redis === null) return "failed";
    const deadline = deadlineAfter(clock, ROUND_MS);
    const redis = this.#redis.port({ traffic: storeTraffic(clock), deadline });
    const attempts = { deadline, clock, random: Math.random, sleep };
    try {
      const done = await upkeep({ redis, attempts, newId: () => crypto.randomUUID() }, watched);
      if (done === null) return "gone";
      for (const group of done.stirred) this.#room.stir(group);
      return done.isBusy ? "busy" : "idle";
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      return "failed";
    }
  }
}

/** Null where the main Redis is not configured. */
function redisOf(bindings: Readonly<Record<string, unknown>>): RedisDatabase | null {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = bindings;
  if (typeof url !== "string" || typeof token !== "string" || url === "") return null;
  return upstashDatabase({ url, token }, clock);
}
