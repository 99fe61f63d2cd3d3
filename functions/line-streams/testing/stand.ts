/**
 * @module
 * The pattern over a real Redis as a test drives it: each call is a request with a deadline of its own, and
 * waiters share a room as they do in the object, in this process.
 */
import { WaitRoom } from "../../../durable-objects/stream-monitor/wait-room.ts";
import type { Attempts } from "../../../shared/kernel/attempts.ts";
import { boundedCache } from "../../../shared/kernel/bounded-cache.ts";
import { deadlineAfter } from "../../../shared/kernel/deadline.ts";
import { type Random, sleep } from "../../../shared/kernel/time.ts";
import { storeTraffic } from "../../../shared/kernel/traffic.ts";
import type { RedisPort } from "../../../shared/redis/port.ts";
import { upstashDatabase } from "../../../shared/redis/upstash.ts";
import { type TopicKeys, topicKeys } from "../../../shared/streams/keys.ts";
import { KNOWN_GROUPS, KNOWN_TOPICS, type StreamsAccess } from "../access.ts";
import type { Group } from "../group.ts";
import type { Monitor } from "../monitor.ts";
import type { Topic } from "../topic.ts";

export interface Stand {
  /** A request; its deadline starts now. */
  request(options?: { readonly deadlineMs?: number }): StreamsAccess;
  keys(topic: string): TopicKeys;
  /** Another isolate of the same deployment: it has cached nothing yet, and waits in the same room. */
  another(): Stand;
  /** Every waiter is forgotten, as when the object is evicted. */
  forgetWaiters(): void;
  /** What runs after replies, until now. */
  settled(): Promise<void>;
  readonly instance: string;
}

export interface StandOptions {
  /** Stands between the pattern and the store. */
  readonly wrap?: (port: RedisPort) => RedisPort;
  readonly instance?: string;
  readonly rooms?: Rooms;
  readonly random?: Random;
  /** A bug to plant: a waiter is known to the room only once it waits. */
  readonly registersLate?: boolean;
}

/** The rooms of all topics, as the objects hold them. */
interface Rooms {
  of(topic: string): WaitRoom;
  forget(): void;
}

function createRooms(): Rooms {
  const rooms = new Map<string, WaitRoom>();
  return {
    of(topic) {
      const room = rooms.get(topic) ?? newRoom();
      rooms.set(topic, room);
      return room;
    },
    forget: () => rooms.clear(),
  };
}

function newRoom(): WaitRoom {
  return new WaitRoom({
    clock: () => Date.now(),
    after(ms, work) {
      const timer = setTimeout(work, ms);
      return { cancel: () => clearTimeout(timer) };
    },
  });
}

function monitorOver(rooms: Rooms): Monitor {
  return {
    watch: async () => {},
    appended: async (topic) => rooms.of(topic).stirAll(),
    async due(topic, group, dueInMs) {
      if (dueInMs <= 0) rooms.of(topic).stir(group);
      else rooms.of(topic).due(group, dueInMs);
    },
    register: async ({ topic, group, waiter }) => rooms.of(topic).register(group, waiter),
    next: ({ topic, group, waiter }, waitMs, dueInMs) =>
      rooms.of(topic).next(group, waiter, waitMs, dueInMs),
    done: async ({ topic, group, waiter }, hasMore) => rooms.of(topic).done(group, waiter, hasMore),
  };
}

function lateMonitor(rooms: Rooms): Monitor {
  return {
    ...monitorOver(rooms),
    register: async () => "registered",
    async next({ topic, group, waiter }, waitMs, dueInMs) {
      await sleep(10);
      rooms.of(topic).register(group, waiter);
      return await rooms.of(topic).next(group, waiter, waitMs, dueInMs);
    },
  };
}

/** One isolate with topics that no other test has. */
export function createStand(
  database: { readonly url: string; readonly token: string },
  {
    wrap = (port) => port,
    instance = `test-${crypto.randomUUID()}`,
    rooms = createRooms(),
    random = Math.random,
    registersLate = false,
  }: StandOptions = {},
): Stand {
  const clock = () => Date.now();
  const redis = upstashDatabase(database, clock);
  const topics = boundedCache<Topic>(KNOWN_TOPICS);
  const groups = boundedCache<Group>(KNOWN_GROUPS);
  const space = { instance, tenant: "test" };
  const monitor = registersLate ? lateMonitor(rooms) : monitorOver(rooms);
  const later: Promise<unknown>[] = [];
  const request: Stand["request"] = ({ deadlineMs = 10_000 } = {}) => {
    const deadline = deadlineAfter(clock, deadlineMs);
    const attempts: Attempts = { deadline, clock, random, sleep };
    return {
      redis: wrap(redis.port({ traffic: storeTraffic(clock), deadline })),
      attempts,
      space,
      random,
      newId: () => crypto.randomUUID().replaceAll("-", ""),
      topics,
      groups,
      monitor,
      afterReply: (work) => later.push(work(request())),
    };
  };
  return {
    request,
    keys: (topic) => topicKeys(space, topic),
    another: () => createStand(database, { wrap, instance, rooms, random }),
    forgetWaiters: rooms.forget,
    async settled() {
      while (later.length > 0) await Promise.all(later.splice(0));
    },
    instance,
  };
}
