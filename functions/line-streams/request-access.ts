import type { Context } from "hono";
import type { BoundedCache } from "../../shared/kernel/bounded-cache.ts";
import { sleep } from "../../shared/kernel/time.ts";
import type { RedisPort } from "../../shared/redis/port.ts";
import type { Deps, Stores } from "../deps.ts";
import type { AppEnv } from "../http/app-env.ts";
import { KNOWN_GROUPS, KNOWN_TOPICS, type StreamsAccess } from "./access.ts";
import type { Group } from "./group.ts";
import type { Monitor } from "./monitor.ts";
import { streamMonitor } from "./stream-monitors.ts";
import type { Topic } from "./topic.ts";

/** What a request brings to the pattern. */
export function accessOf(c: Context<AppEnv>): StreamsAccess {
  const deps = c.get("deps");
  return new RequestAccess(deps, deps, c.get("principal").tenant);
}

/** The same with a deadline of its own, for work that outlives the request's. */
export function accessFor(c: Context<AppEnv>, deadlineMs: number): StreamsAccess {
  const deps = c.get("deps");
  return new RequestAccess(deps, deps.storesFor(deadlineMs), c.get("principal").tenant);
}

/** A class, because one is made for every request: what it has is made when it is asked for. */
class RequestAccess implements StreamsAccess {
  readonly #deps: Deps;
  readonly #stores: Stores;
  readonly space: StreamsAccess["space"];

  constructor(deps: Deps, stores: Stores, tenant: string) {
    this.#deps = deps;
    this.#stores = stores;
    this.space = { instance: deps.config.instance, tenant };
  }

  get redis(): RedisPort {
    return this.#stores.redis;
  }

  get attempts(): StreamsAccess["attempts"] {
    return this.#stores.attempts;
  }

  get newId(): StreamsAccess["newId"] {
    return this.#deps.newId;
  }

  get random(): StreamsAccess["random"] {
    return this.#deps.random;
  }

  get topics(): BoundedCache<Topic> {
    return this.#deps.caches.named("line-streams.topics", KNOWN_TOPICS);
  }

  get groups(): BoundedCache<Group> {
    return this.#deps.caches.named("line-streams.groups", KNOWN_GROUPS);
  }

  get monitor(): Monitor {
    const { traffic, attempts } = this.#stores;
    const scope = { traffic, deadline: attempts.deadline, sleep };
    return streamMonitor(this.#deps.isolate.streamMonitors, this.space, scope);
  }

  readonly afterReply: StreamsAccess["afterReply"] = (work) => {
    const { tenant } = this.space;
    this.#deps.afterReply((stores) => work(new RequestAccess(this.#deps, stores, tenant)));
  };
}
