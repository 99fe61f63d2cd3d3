/**
 * @module
 * Who holds what.
 *
 * A cursor names the last entry read, `<partition>.<stream id>`: who pages on while messages come and go
 * misses none that stayed.
 */
import { attemptRead } from "../../shared/kernel/attempts.ts";
import type { RedisReply } from "../../shared/redis/port.ts";
import { integer, list, MalformedReply, text } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import { correctionOf, type Stale } from "../../shared/streams/correction.ts";
import { NOBODY } from "../../shared/streams/reassign.ts";
import { keysOf, type NoSuchGroup, rowsOf, type StreamsAccess, withGroup } from "./access.ts";
import type { MessagePlace } from "./message-id.ts";
import pendingSource from "./pending.lua";
import { partitionsOf } from "./topic.ts";

export const PENDING_PAGE_MAX = 1_000;

export interface PendingMessage extends MessagePlace {
  /** Null when it was taken away from one and nobody has it yet. */
  readonly consumer: string | null;
  readonly deliveries: number;
  /** Since it was handed out, or taken away. */
  readonly idleMs: number;
}

export type PendingPage =
  | {
      readonly kind: "pending";
      readonly pending: readonly PendingMessage[];
      readonly cursor: string | null;
    }
  | NoSuchGroup;

export interface PendingQuery {
  readonly consumer: string | null;
  readonly limit: number;
  readonly after: MessagePlace | null;
}

/** One page; one trip while the group is in the isolate's cache. */
export async function readPending(
  access: StreamsAccess,
  { topic, group: name }: { readonly topic: string; readonly group: string },
  { consumer, limit, after }: PendingQuery,
): Promise<PendingPage> {
  const keys = keysOf(access, topic);
  const { group: groupKey, held } = keys.group(name);
  return await attemptRead(access.attempts, (timeoutMs) =>
    withGroup(access, topic, name, { timeoutMs }, async (group): Promise<PendingPage | Stale> => {
      const partitions = partitionsOf(group).slice(after?.partition ?? 0);
      const found = await runPending(
        access.redis,
        [groupKey, ...partitions.flatMap((partition) => [keys.stream(partition), held(partition)])],
        [group.text, name, consumer ?? "", limit, after === null ? "-" : `(${after.streamId}`],
        { timeoutMs },
      );
      if (found.kind !== "found") return found;
      const pending = found.rows.map((row) => pendingOf(row, partitions));
      const last = pending.length === limit ? pending.at(-1) : undefined;
      return { kind: "pending", pending, cursor: last === undefined ? null : cursorOf(last) };
    }),
  );
}

function pendingOf(
  [which, id, consumer, deliveries, idleMs]: readonly RedisReply[],
  partitions: readonly number[],
): PendingMessage {
  const partition = partitions[integer(which) - 1];
  if (partition === undefined) throw new MalformedReply();
  return {
    partition,
    streamId: text(id),
    consumer: text(consumer) === NOBODY ? null : text(consumer),
    deliveries: integer(deliveries),
    idleMs: integer(idleMs),
  };
}

export function cursorOf({ partition, streamId }: MessagePlace): string {
  return `${partition}.${streamId}`;
}

/** Null for anything that `cursorOf` cannot have written. */
export function placeOfCursor(cursor: string): MessagePlace | null {
  const [, partition, streamId] = /^(\d{1,2})\.(\d{1,15}-\d{1,15})$/.exec(cursor) ?? [];
  return streamId === undefined ? null : { partition: Number(partition), streamId };
}

const runPending = defineScript<
  [group: string, ...partitions: string[]],
  [group: string, name: string, consumer: string, limit: number, from: string],
  { readonly kind: "found"; readonly rows: readonly RedisReply[][] } | Stale
>(pendingSource, (reply) => {
  const [kind, flat] = list(reply);
  if (kind === "pending") return { kind: "found", rows: rowsOf(list(flat), 5) };
  const correction = correctionOf(reply);
  if (correction.kind === "expired") throw new MalformedReply();
  return correction;
});
