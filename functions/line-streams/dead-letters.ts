/**
 * @module
 * Messages that were handed out as often as their group allows and never acknowledged.
 *
 * A cursor names the last letter read, by its id. Redriving appends a letter's message anew, for its group
 * only: it gets another id, is counted from one again, and comes behind what was produced since.
 */
import { attemptRead, attemptWrite, type Expired } from "../../shared/kernel/attempts.ts";
import { ANSWER_MARGIN_MS, workerOperationId } from "../../shared/kernel/operation.ts";
import type { RedisReply } from "../../shared/redis/port.ts";
import { integer, list, MalformedReply, text } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import { correctionOf, type Stale } from "../../shared/streams/correction.ts";
import {
  afterSteps,
  keysOf,
  type NoSuchGroup,
  rowsOf,
  type StreamsAccess,
  tell,
  withGroup,
} from "./access.ts";
import lettersSource from "./letters.lua";
import { messageId, placeOf, producedAtOf } from "./message-id.ts";
import redriveSource from "./redrive.lua";

export const LETTERS_PAGE_MAX = 100;
/** Letters that one call redrives; more are left for the next. */
const REDRIVE_MAX = 1_000;
/** A reply stays within 4 MiB, with what JSON adds. */
const PAGE_BYTES_MAX = 3_500_000;

export interface DeadLetter {
  readonly id: string;
  readonly partition: number;
  readonly key: string | null;
  /** JSON text. */
  readonly payload: string;
  readonly deliveries: number;
  /** Who had it last. */
  readonly consumer: string;
  readonly producedAtMs: number;
  readonly diedAtMs: number;
}

export type LettersPage =
  | {
      readonly kind: "letters";
      readonly letters: readonly DeadLetter[];
      readonly cursor: string | null;
    }
  | NoSuchGroup;

interface Of {
  readonly topic: string;
  readonly group: string;
}

/** One page, the oldest message first; ends early where payloads are large. One trip. */
export async function readLetters(
  access: StreamsAccess,
  { topic, group: name }: Of,
  { limit, after }: { readonly limit: number; readonly after: string | null },
): Promise<LettersPage> {
  const { group: groupKey, dead, letters } = keysOf(access, topic).group(name);
  const place = after === null ? null : placeOf(after);
  const age = place === null ? "" : producedAtOf(place.streamId);
  return await attemptRead(access.attempts, (timeoutMs) =>
    withGroup(access, topic, name, { timeoutMs }, async (group): Promise<LettersPage | Stale> => {
      const args = [group.text, limit, after ?? "", age] as const;
      const found = await runLetters(access.redis, [groupKey, dead, letters], [...args], {
        timeoutMs,
      });
      if (found.kind !== "found") return found;
      const page = withinBytes(found.letters);
      const isWhole = page.length < limit && page.length === found.letters.length;
      return { kind: "letters", letters: page, cursor: isWhole ? null : (page.at(-1)?.id ?? null) };
    }),
  );
}

function withinBytes(letters: readonly DeadLetter[]): readonly DeadLetter[] {
  let bytes = 0;
  const end = letters.findIndex(({ payload }, which) => {
    bytes += new TextEncoder().encode(payload).byteLength;
    return which > 0 && bytes > PAGE_BYTES_MAX;
  });
  return end < 0 ? letters : letters.slice(0, end);
}

export type Redriven = { readonly kind: "redriven"; readonly redriven: number } | NoSuchGroup;

/** Redrives these letters; those that are not there count for nothing. One trip. */
export async function redriveIds(
  access: StreamsAccess,
  { topic, group: name }: Of,
  ids: readonly string[],
): Promise<Redriven> {
  const keys = keysOf(access, topic);
  const { group: groupKey, dead, letters } = keys.group(name);
  const partitions = ids.map((id) => placeOf(id)?.partition ?? 0);
  const touched = [...new Set(partitions)];
  const operation = keys.operation(workerOperationId(access.newId()));
  const { reply } = await attemptWrite("redis", access.attempts, (attempt) =>
    withGroup(access, topic, name, attempt, (group) =>
      runRedrive(
        access.redis,
        [operation, groupKey, dead, letters, ...touched.map(keys.stream)],
        [
          group.text,
          attempt.expiresAtMs,
          attempt.expiresAtMs + ANSWER_MARGIN_MS,
          name,
          ...ids.flatMap((id, which) => [touched.indexOf(partitions[which] ?? 0) + 1, id]),
        ],
        { timeoutMs: attempt.timeoutMs },
      ),
    ),
  );
  if (reply.kind === "no_such_group") return reply;
  const { redriven, isAwaited } = reply;
  if (isAwaited && redriven > 0) await tell(access, (monitor) => monitor.appended(topic));
  return { kind: "redriven", redriven };
}

/** Redrives the oldest letters, up to `REDRIVE_MAX`: two trips for each hundred. */
export async function redriveAll(access: StreamsAccess, of: Of): Promise<Redriven> {
  let redriven = 0;
  try {
    while (redriven < REDRIVE_MAX) {
      const page = await readLetters(access, of, { limit: LETTERS_PAGE_MAX, after: null });
      if (page.kind !== "letters") return page;
      const ids = page.letters.map(({ id }) => id);
      if (ids.length === 0) break;
      const done = await redriveIds(access, of, ids);
      if (done.kind !== "redriven") return done;
      redriven += done.redriven;
      if (page.cursor === null) break;
    }
  } catch (error) {
    throw afterSteps(error, redriven);
  }
  return { kind: "redriven", redriven };
}

const runLetters = defineScript<
  [group: string, dead: string, letters: string],
  [group: string, limit: number, after: string, age: number | ""],
  { readonly kind: "found"; readonly letters: readonly DeadLetter[] } | Stale
>(lettersSource, (reply) => {
  const [kind, flat] = list(reply);
  if (kind === "letters") return { kind: "found", letters: rowsOf(list(flat), 2).map(letterOf) };
  const correction = correctionOf(reply);
  if (correction.kind === "expired") throw new MalformedReply();
  return correction;
});

function letterOf([name, letter]: readonly RedisReply[]): DeadLetter {
  const id = text(name);
  const place = placeOf(id);
  const parts: unknown = JSON.parse(text(letter));
  if (place === null || !Array.isArray(parts)) throw new MalformedReply();
  const [deliveries, diedAtMs, consumer, key, payload] = parts as RedisReply[];
  return {
    id: messageId(place),
    partition: place.partition,
    key: text(key) === "" ? null : text(key),
    payload: text(payload),
    deliveries: integer(deliveries),
    consumer: text(consumer),
    producedAtMs: producedAtOf(place.streamId),
    diedAtMs: integer(diedAtMs),
  };
}

const runRedrive = defineScript<
  [operation: string, group: string, dead: string, letters: string, ...streams: string[]],
  [
    group: string,
    expiresAtMs: number,
    answerUntilMs: number,
    name: string,
    ...letters: (string | number)[],
  ],
  | { readonly kind: "redriven"; readonly redriven: number; readonly isAwaited: boolean }
  | Stale
  | Expired
>(redriveSource, (reply) => {
  const [kind, redriven, isAwaited] = list(reply);
  if (kind !== "redriven") return correctionOf(reply);
  return { kind, redriven: integer(redriven), isAwaited: integer(isAwaited) === 1 };
});
