/**
 * @module
 * A topic with the names of its groups, read whole.
 */
import { UpstreamError } from "../../shared/kernel/errors.ts";
import type { RedisCallOptions } from "../../shared/redis/port.ts";
import { list, MalformedReply, text } from "../../shared/redis/reply.ts";
import { keysOf, remember, rowsOf, type StreamsAccess, topicBelief } from "./access.ts";
import type { Topic } from "./topic.ts";

export interface Registered {
  readonly topic: Topic;
  /** In the order of their names. */
  readonly groups: readonly string[];
}

const GROUP_FIELD = "g ";

/** Null when there is no such topic. One trip. */
export async function readRegistered(
  access: StreamsAccess,
  name: string,
  options: RedisCallOptions,
): Promise<Registered | null> {
  try {
    const reply = await access.redis.command(["HGETALL", keysOf(access, name).topic], options);
    const rows = rowsOf(list(reply), 2).map(([field, value]) => [text(field), value] as const);
    const config = rows.find(([field]) => field === "config")?.[1];
    if (config === undefined) return null;
    const topic = remember(access, topicBelief(access, name), text(config));
    if (topic === null) return null;
    const groups = rows
      .filter(([field]) => field.startsWith(GROUP_FIELD))
      .map(([field]) => field.slice(GROUP_FIELD.length));
    return { topic, groups: groups.sort() };
  } catch (error) {
    if (!(error instanceof MalformedReply)) throw error;
    throw new UpstreamError({ dependency: "redis", fault: "garbage", outcome: "not_applied" });
  }
}
