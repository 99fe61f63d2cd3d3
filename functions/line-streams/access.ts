/**
 * @module
 * How a call reaches a topic or a group whose configuration it does not know for certain.
 *
 * The Worker believes in a configuration it has cached. Every script compares it with what the store has, in
 * the same step in which it works, and answers with the truth instead of working when they differ. So a
 * belief can be wrong for as long as it likes and costs a trip, never a wrong answer.
 */
import { assert } from "../../shared/kernel/assert.ts";
import type { Attempts } from "../../shared/kernel/attempts.ts";
import type { BoundedCache, BoundedCacheOptions } from "../../shared/kernel/bounded-cache.ts";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import type { Random } from "../../shared/kernel/time.ts";
import type { RedisCallOptions, RedisPort, RedisReply } from "../../shared/redis/port.ts";
import { MalformedReply, nullable, text } from "../../shared/redis/reply.ts";
import type { Stale } from "../../shared/streams/correction.ts";
import { type StreamSpace, type TopicKeys, topicKeys } from "../../shared/streams/keys.ts";
import { type Group, parseGroup } from "./group.ts";
import type { Monitor } from "./monitor.ts";
import { parseTopic, type Topic } from "./topic.ts";

/** What the pattern needs of its surroundings for one request. */
export interface StreamsAccess {
  readonly redis: RedisPort;
  readonly attempts: Attempts;
  readonly space: StreamSpace;
  /** At least 128 random bits, in characters of base64url. */
  readonly newId: () => string;
  /** Configurations that this isolate believes in, by key. */
  readonly topics: BoundedCache<Topic>;
  readonly groups: BoundedCache<Group>;
  readonly random: Random;
  /** Who wakes waiting polls. */
  readonly monitor: Monitor;
  /** Runs work that the caller need not wait for, with a deadline of its own. */
  readonly afterReply: (work: (access: StreamsAccess) => Promise<unknown>) => void;
}

/** Long, because no script acts on a belief that is wrong: what expires is what nobody asks for any more. */
const KNOWN_MS = 10 * 60_000;
export const KNOWN_TOPICS: BoundedCacheOptions = { entriesMax: 1_000, ttlMs: KNOWN_MS };
export const KNOWN_GROUPS: BoundedCacheOptions = { entriesMax: 1_000, ttlMs: KNOWN_MS };

/** How often one call may be told that it was wrong. */
const CORRECTIONS_MAX = 3;

export interface NoSuchGroup {
  readonly kind: "no_such_group";
}

export function keysOf({ space }: StreamsAccess, topic: string): TopicKeys {
  return topicKeys(space, topic);
}

/** What of a kind of configuration is cached where, and how it is read. */
interface Belief<Config> {
  readonly cache: BoundedCache<Config>;
  /** Hash with the field `config`. */
  readonly key: string;
  readonly parse: (text: string) => Config;
}

export function topicBelief(access: StreamsAccess, topic: string): Belief<Topic> {
  return { cache: access.topics, key: keysOf(access, topic).topic, parse: parseTopic };
}

export function groupBelief(access: StreamsAccess, topic: string, group: string): Belief<Group> {
  const key = keysOf(access, topic).group(group).group;
  return { cache: access.groups, key, parse: parseGroup };
}

/**
 * Calls `send` with the configuration until the store agrees with it; null when there is none.
 *
 * @throws UpstreamError when the store has not agreed after `CORRECTIONS_MAX` corrections: it is being
 * replaced all the time
 */
export async function withBelief<Config, Reply extends { readonly kind: string }>(
  access: StreamsAccess,
  belief: Belief<Config>,
  options: RedisCallOptions,
  send: (config: Config) => Promise<Reply | Stale>,
): Promise<Reply | null> {
  const { cache, key } = belief;
  let config: Config | null =
    cache.get(key, access.attempts.clock()) ?? (await readConfig(access, belief, options));
  for (let corrections = 0; corrections <= CORRECTIONS_MAX; corrections += 1) {
    if (config === null) return null;
    const reply = await send(config);
    if (!isStale(reply)) return reply;
    config = remember(access, belief, reply.text);
  }
  throw new UpstreamError({ dependency: "redis", fault: "refused", outcome: "not_applied" });
}

function isStale(reply: { readonly kind: string }): reply is Stale {
  return reply.kind === "stale";
}

/** Asks the store, whatever is cached, and remembers the answer. Costs one trip. */
export async function readConfig<Config>(
  access: StreamsAccess,
  belief: Belief<Config>,
  options: RedisCallOptions,
): Promise<Config | null> {
  try {
    const reply = await access.redis.command(["HGET", belief.key, "config"], options);
    return remember(access, belief, nullable(reply, text));
  } catch (error) {
    if (error instanceof UpstreamError) throw error.withOutcome("not_applied");
    if (!(error instanceof MalformedReply)) throw error;
    throw new UpstreamError({ dependency: "redis", fault: "garbage", outcome: "not_applied" });
  }
}

export function remember<Config>(
  { attempts }: StreamsAccess,
  { cache, key, parse }: Belief<Config>,
  stored: string | null,
): Config | null {
  if (stored === null) {
    cache.delete(key);
    return null;
  }
  const config = parse(stored);
  cache.set(key, config, attempts.clock());
  return config;
}

/** A reply of a call about a group, or the word that there is none. */
export async function withGroup<Reply extends { readonly kind: string }>(
  access: StreamsAccess,
  topic: string,
  name: string,
  options: RedisCallOptions,
  send: (group: Group) => Promise<Reply | Stale>,
): Promise<Reply | NoSuchGroup> {
  const reply = await withBelief(access, groupBelief(access, topic, name), options, send);
  return reply ?? { kind: "no_such_group" };
}

/**
 * Tells the monitor before the caller is answered; when it does not listen, again after that. What it is told
 * about has happened, so that the caller's answer stays what it is.
 */
export async function tell(
  access: StreamsAccess,
  word: (monitor: Monitor) => Promise<void>,
): Promise<void> {
  try {
    await word(access.monitor);
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    access.afterReply(({ monitor }) => word(monitor));
  }
}

/** What a failure in the midst of several steps is to its caller: with some done, not nothing was applied. */
export function afterSteps(error: unknown, done: number): unknown {
  return done > 0 && error instanceof UpstreamError ? error.withOutcome("unknown") : error;
}

/** Splits a flat reply into rows of `width`. */
export function rowsOf(flat: readonly RedisReply[], width: number): readonly RedisReply[][] {
  assert(flat.length % width === 0, "a flat reply has whole rows");
  return Array.from({ length: flat.length / width }, (_, row) =>
    flat.slice(row * width, (row + 1) * width),
  );
}
