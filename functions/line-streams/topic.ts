/**
 * @module
 * A topic's configuration, and the text it is stored as.
 *
 *     1 <revision> <createdAtMs> <partitions> <maxLength or -> <retentionMs or ->
 *
 * The first number is the version of this format. Scripts compare the whole text with the one the Worker
 * believes in, so a Worker can cache it without ever acting on one that has been replaced.
 */
import { integer, MalformedReply } from "../../shared/redis/reply.ts";

export const PARTITIONS_MAX = 64;
/** Of a topic that is written to before anybody created it. */
export const PARTITIONS_DEFAULT = 4;
/** Topics of one tenant. */
export const TOPICS_MAX = 1_000;
/** Messages a partition holds when its topic names no bound, and the most that a topic may name. */
export const LENGTH_MAX = 10_000_000;
export const RETENTION_MS_MAX = 365 * 86_400_000;

/** What the caller decides. */
export interface TopicDefinition {
  readonly partitions: number;
  /** Messages of one partition. */
  readonly maxLength: number | null;
  readonly retentionMs: number | null;
}

export interface Topic extends TopicDefinition {
  /** Random; another one after each creation. */
  readonly revision: string;
  readonly createdAtMs: number;
  /** As it is stored. */
  readonly text: string;
}

const FORMAT = "1";
const NONE = "-";

/** The part of the text that may change. */
export function limitsText({ maxLength, retentionMs }: TopicDefinition): string {
  return `${maxLength ?? NONE} ${retentionMs ?? NONE}`;
}

/** @throws MalformedReply when the text is not of this format */
export function parseTopic(text: string): Topic {
  const [format, revision, createdAt, partitions, maxLength, retentionMs] = text.split(" ");
  if (format !== FORMAT || !revision) throw new MalformedReply();
  return {
    revision,
    createdAtMs: integer(createdAt),
    partitions: integer(partitions),
    maxLength: maxLength === NONE ? null : integer(maxLength),
    retentionMs: retentionMs === NONE ? null : integer(retentionMs),
    text,
  };
}

export function partitionsOf({ partitions }: Pick<TopicDefinition, "partitions">): number[] {
  return Array.from({ length: partitions }, (_, partition) => partition);
}
