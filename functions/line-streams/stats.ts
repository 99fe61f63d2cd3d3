/**
 * @module
 * How long a topic is, and how far each group has come.
 */
import { attemptRead } from "../../shared/kernel/attempts.ts";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import type { RedisReply } from "../../shared/redis/port.ts";
import { integer, list, MalformedReply, text } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import { deadAfterMs } from "../../shared/streams/liveness.ts";
import { NOBODY } from "../../shared/streams/reassign.ts";
import { keysOf, rowsOf, type StreamsAccess } from "./access.ts";
import { type Group, parseGroup } from "./group.ts";
import { producedAtOf } from "./message-id.ts";
import { readRegistered } from "./registry.ts";
import statsSource from "./stats.lua";
import { partitionsOf } from "./topic.ts";

/** Where Redis does not know a group's lag (it began in the middle), so many messages are counted by hand. */
const LAG_COUNTED_MAX = 1_000;
/** How often the topic may have got or lost a group while it was being read. */
const ROUNDS_MAX = 3;

export interface ConsumerStats {
  readonly consumer: string;
  readonly pending: number;
  /** Since it last polled or prolonged a message. */
  readonly idleMs: number;
  readonly alive: boolean;
}

export interface GroupStats {
  readonly group: string;
  /** Messages that were never handed out. */
  readonly lag: number;
  readonly pending: number;
  /** How long ago the oldest unacknowledged message was produced; null for none. */
  readonly oldestPendingMs: number | null;
  readonly dead: number;
  readonly consumers: readonly ConsumerStats[];
}

export interface TopicStats {
  readonly length: number;
  readonly partitions: readonly number[];
  readonly groups: readonly GroupStats[];
}

/** Null when there is no such topic. Two trips. */
export async function readStats(access: StreamsAccess, name: string): Promise<TopicStats | null> {
  const keys = keysOf(access, name);
  return await attemptRead(access.attempts, async (timeoutMs) => {
    for (let rounds = 0; rounds < ROUNDS_MAX; rounds += 1) {
      const registered = await readRegistered(access, name, { timeoutMs });
      if (registered === null) return null;
      const { topic, groups } = registered;
      const found = await runStats(
        access.redis,
        [
          keys.topic,
          ...partitionsOf(topic).map(keys.stream),
          ...groups.map(keys.group).flatMap(({ group, dead }) => [group, dead]),
        ],
        [topic.text, topic.partitions, LAG_COUNTED_MAX, ...groups],
        { timeoutMs },
      );
      if (found.kind === "stats") return topicStatsOf(found, groups);
    }
    throw new UpstreamError({ dependency: "redis", fault: "refused", outcome: "not_applied" });
  });
}

interface Found {
  readonly kind: "stats";
  readonly nowMs: number;
  readonly lengths: readonly number[];
  readonly rows: readonly RedisReply[][];
}

function topicStatsOf({ nowMs, lengths, rows }: Found, groups: readonly string[]): TopicStats {
  return {
    length: lengths.reduce((sum, length) => sum + length, 0),
    partitions: lengths,
    groups: groups.map((group, which) => groupStatsOf(group, rows[which] ?? [], nowMs)),
  };
}

function groupStatsOf(name: string, row: readonly RedisReply[], nowMs: number): GroupStats {
  const [lag, pending, oldest, dead, fields] = row;
  const stored = new Map(
    rowsOf(list(fields), 2).map(([field, value]) => [text(field), text(value)] as const),
  );
  const group = parseGroup(stored.get("config") ?? "");
  return {
    group: name,
    lag: integer(lag),
    pending: integer(pending),
    oldestPendingMs: text(oldest) === "" ? null : Math.max(0, nowMs - producedAtOf(text(oldest))),
    dead: integer(dead),
    consumers: consumersOf(stored, group, nowMs),
  };
}

function consumersOf(
  stored: ReadonlyMap<string, string>,
  group: Group,
  nowMs: number,
): ConsumerStats[] {
  const names = new Set(
    [...stored.keys()].filter((field) => /^[cs] /.test(field)).map((field) => field.slice(2)),
  );
  names.delete(NOBODY);
  return [...names].sort().map((consumer) => {
    const idleMs = Math.max(0, nowMs - integer(stored.get(`s ${consumer}`) ?? 0));
    const alive = idleMs < deadAfterMs(group.visibilityMs);
    return { consumer, pending: integer(stored.get(`c ${consumer}`) ?? 0), idleMs, alive };
  });
}

const runStats = defineScript<
  [topic: string, ...rest: string[]],
  [topic: string, partitions: number, lagCountedMax: number, ...groups: string[]],
  Found | { readonly kind: "stale" }
>(statsSource, (reply) => {
  const [kind, nowMs, lengths, flat] = list(reply);
  if (kind === "stale") return { kind };
  if (kind !== "stats") throw new MalformedReply();
  return {
    kind,
    nowMs: integer(nowMs),
    lengths: list(lengths).map(integer),
    rows: rowsOf(list(flat), 5),
  };
});
