/**
 * @module
 * The floor of line-streams: the scripts of produce, poll and acknowledge, and nothing around them.
 */
import type { Redis } from "@upstash/redis/cloudflare";
import { Hono } from "hono";
import pollSource from "../../functions/line-streams/poll.lua";
import produceSource from "../../functions/line-streams/produce.lua";
import settleSource from "../../functions/line-streams/settle.lua";
import { topicKeys } from "../../shared/streams/keys.ts";
import { type FloorEnv, redisOf, sha1Of } from "./store.ts";

const PRODUCE_SHA = sha1Of(produceSource);
const POLL_SHA = sha1Of(pollSource);
const SETTLE_SHA = sha1Of(settleSource);

const DAY_MS = 86_400_000;
/** What the pattern sends, in the same places and of the same size. */
const WRITE_EXPIRES_MS = 1_900;
const FINGERPRINT = "0".repeat(32);
const NONCE = "A".repeat(22);
const PARTITIONS = [0, 1, 2, 3];
const PENDING_MAX = 1_000;
const BYTES_MAX = 3_500_000;
const LETTERS_MAX = 100_000;
const WAIT_MS_MAX = 20_000;
const ANSWER_MS = 30_000;

let made = 0;

const configs = new Map<string, string>();

/** A configuration, read once an isolate, as the pattern caches it. */
async function configOf(redis: Redis, key: string): Promise<string> {
  const known = configs.get(key) ?? (await redis.exec<string>(["HGET", key, "config"]));
  if (configs.size < CONFIGS_MAX) configs.set(key, known);
  return known;
}

const spaceOf = ({ INSTANCE, TENANT }: FloorEnv) => ({ instance: INSTANCE, tenant: TENANT });

export const lineStreamsFloor = new Hono<{ Bindings: FloorEnv }>()
  .post("/topics/:topic/messages", async (c) => {
    const redis = redisOf(c.env);
    const { key, payload } = await c.req.json<{ key: string; payload: unknown }>();
    const keys = topicKeys(spaceOf(c.env), c.req.param("topic"));
    const partition = key.length % PARTITIONS.length;
    const expiresAtMs = Date.now() + WRITE_EXPIRES_MS;
    const [, answer] = await redis.exec<[string, string]>([
      "EVALSHA",
      ...[PRODUCE_SHA, 3],
      keys.operation(`caller-messages-${c.req.header("Idempotency-Key")}`),
      ...[keys.stream(partition), keys.mark(partition)],
      ...[await configOf(redis, keys.topic), expiresAtMs, expiresAtMs + DAY_MS, expiresAtMs],
      ...[FINGERPRINT, NONCE, 100_000, 0, 200, 1, partition, key, JSON.stringify(payload)],
    ]);
    return c.json({ id: answer, partition }, 201);
  })
  .post("/topics/:topic/groups/:group/poll", async (c) => {
    const redis = redisOf(c.env);
    const { consumer, max } = await c.req.json<{ consumer: string; max: number }>();
    const name = c.req.param("group");
    const keys = topicKeys(spaceOf(c.env), c.req.param("topic"));
    const group = keys.group(name);
    const expiresAtMs = Date.now() + WRITE_EXPIRES_MS;
    made += 1;
    const nonce = `${made}`.padStart(NONCE.length, "A");
    const served = PARTITIONS.flatMap((partition) => [
      ...[keys.stream(partition), group.due(partition), group.held(partition)],
    ]);
    const [, , , flat] = await redis.exec<[string, number, number, string[]]>([
      "EVALSHA",
      ...[POLL_SHA, 4 + served.length, keys.operation(`worker-${nonce}`)],
      ...[group.group, group.dead, group.letters, ...served],
      ...[await configOf(redis, group.group), expiresAtMs, expiresAtMs + 1_000, nonce],
      ...[consumer, max, 0, 60_000, 100, 0, PENDING_MAX, PENDING_MAX, BYTES_MAX, LETTERS_MAX],
      ...[name, WAIT_MS_MAX, ...PARTITIONS],
    ]);
    return c.json({ messages: messagesOf(flat, nonce) });
  })
  .post("/topics/:topic/groups/:group/ack", async (c) => {
    const redis = redisOf(c.env);
    const { receipts } = await c.req.json<{ receipts: [string] }>();
    const [, partition = "0", id = "", nonce = ""] = receipts[0].split(".");
    const name = c.req.param("group");
    const keys = topicKeys(spaceOf(c.env), c.req.param("topic"));
    const group = keys.group(name);
    const expiresAtMs = Date.now() + WRITE_EXPIRES_MS;
    const [, letters] = await redis.exec<[string, string]>([
      "EVALSHA",
      ...[SETTLE_SHA, 5, keys.operation(`settle-${receipts[0]}`), group.group],
      ...[keys.stream(+partition), group.due(+partition), group.held(+partition)],
      ...[await configOf(redis, group.group), expiresAtMs, expiresAtMs + ANSWER_MS],
      ...["ack", 0, 0, name, 1, id, nonce],
    ]);
    return c.json({ results: [letters] });
  });

function messagesOf(flat: readonly string[], nonce: string) {
  const messages = [];
  for (let at = 0; at < flat.length; at += 5) {
    const [partition, id, deliveries, key, payload] = flat.slice(at, at + 5);
    const receipt = `1.${partition}.${id}.${nonce}`;
    messages.push({ id, partition, key, payload, deliveries, receipt });
  }
  return messages;
}

/** A bench uses a topic and a group a run. */
const CONFIGS_MAX = 100;
