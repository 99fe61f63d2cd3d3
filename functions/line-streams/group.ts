/**
 * @module
 * A group's configuration, and the text it is stored as.
 *
 *     1 <revision> <createdAtMs> <partitions> <from> <visibilityMs> <maxDeliveries> <ordered>
 *
 * The first number is the version of this format; `ordered` is 0 or 1. The partitions are the topic's, so
 * that a consumer needs to know nothing but its group.
 */
import { integer, MalformedReply } from "../../shared/redis/reply.ts";

/** Groups of one topic. */
export const GROUPS_MAX = 32;
/** Consumers of one group. */
export const CONSUMERS_MAX = 1_000;
/** Unacknowledged messages of one consumer. */
export const PENDING_MAX = 1_000;
export const VISIBILITY_MS_MIN = 1_000;
export const VISIBILITY_MS_MAX = 3_600_000;
export const DELIVERIES_MAX = 100;

/** What the caller decides. */
export interface GroupDefinition {
  /** `earliest`, `latest`, or a message's place: what comes behind it is delivered. */
  readonly from: string;
  readonly visibilityMs: number;
  readonly maxDeliveries: number;
  readonly ordered: boolean;
}

export interface Group extends GroupDefinition {
  /** Random; another one after each creation. */
  readonly revision: string;
  readonly createdAtMs: number;
  readonly partitions: number;
  /** As it is stored. */
  readonly text: string;
}

const FORMAT = "1";

export function groupText(definition: GroupDefinition): string {
  const { from, visibilityMs, maxDeliveries, ordered } = definition;
  return [from, visibilityMs, maxDeliveries, ordered ? 1 : 0].join(" ");
}

/** @throws MalformedReply when the text is not of this format */
export function parseGroup(text: string): Group {
  const [format, revision, createdAt, partitions, from, visibilityMs, maxDeliveries, ordered] =
    text.split(" ");
  if (format !== FORMAT || !revision || !from) throw new MalformedReply();
  return {
    revision,
    createdAtMs: integer(createdAt),
    partitions: integer(partitions),
    from,
    visibilityMs: integer(visibilityMs),
    maxDeliveries: integer(maxDeliveries),
    ordered: integer(ordered) === 1,
    text,
  };
}

/** Where in a stream the group begins. A message's id begins with its place in its partition. */
export function streamIdOf(from: string): string {
  if (from === "earliest") return "0";
  if (from === "latest") return "$";
  const [ms, sequence] = from.split("-");
  return `${ms}-${sequence}`;
}

export interface Difference {
  readonly field: keyof GroupDefinition;
  /** What the group has, as it would be written in a request. */
  readonly present: string;
}

/** In which fields the wanted definition is not the group's. */
export function differences(group: GroupDefinition, wanted: GroupDefinition): Difference[] {
  const fields = ["from", "visibilityMs", "maxDeliveries", "ordered"] as const;
  return fields
    .filter((field) => group[field] !== wanted[field])
    .map((field) => ({ field, present: JSON.stringify(group[field]) }));
}
