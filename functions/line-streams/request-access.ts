import type { Context } from "hono";
import { sleep } from "../../shared/kernel/time.ts";
import type { Stores } from "../deps.ts";
import type { AppEnv } from "../http/app-env.ts";
import { KNOWN_GROUPS, KNOWN_TOPICS, type StreamsAccess } from "./access.ts";
import type { Group } from "./group.ts";
import { streamMonitor } from "./stream-monitors.ts";
import type { Topic } from "./topic.ts";

/** What a request brings to the pattern. */
export function accessOf(c: Context<AppEnv>): StreamsAccess {
  return accessFor(c, null);
}

/** The same with a deadline of its own, for work that outlives the request's. */
export function accessFor(c: Context<AppEnv>, deadlineMs: number | null): StreamsAccess {
  const deps = c.get("deps");
  const { newId, caches, config, random, isolate } = deps;
  const space = { instance: config.instance, tenant: c.get("principal").tenant };
  const topics = caches.named<Topic>("line-streams.topics", KNOWN_TOPICS);
  const groups = caches.named<Group>("line-streams.groups", KNOWN_GROUPS);
  const over = (stores: Stores): StreamsAccess => {
    const { redis, attempts, traffic } = stores;
    const monitor = streamMonitor(isolate.streamMonitors, space, {
      traffic,
      deadline: attempts.deadline,
      sleep,
    });
    return { redis, attempts, monitor, newId, random, space, topics, groups, afterReply };
  };
  const afterReply: StreamsAccess["afterReply"] = (work) =>
    deps.afterReply((stores) => work(over(stores)));
  return over(deadlineMs === null ? deps : deps.storesFor(deadlineMs));
}
