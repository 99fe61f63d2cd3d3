import { type KeySpace, storeKey } from "../redis/keys.ts";

/** Of whom a topic is: the deployment and the tenant. */
export type StreamSpace = Pick<KeySpace, "instance" | "tenant">;

/** Every key of one topic. */
export interface TopicKeys {
  /** set: the tenant's topics. */
  readonly topics: string;
  /** hash: the topic's configuration and those of its groups. */
  readonly topic: string;
  /** stream: a partition's messages. */
  stream(partition: number): string;
  /** hash: the configuration once more, one a partition, so that producers of one do not lock another. */
  mark(partition: number): string;
  group(group: string): GroupKeys;
  /** string: what a call answered, kept until no copy of it can arrive any more. */
  operation(id: string): string;
}

export interface GroupKeys {
  /** hash: the group's configuration, and what each consumer holds. */
  readonly group: string;
  /** sorted set: the ids of dead letters, by the age of the message. */
  readonly dead: string;
  /** hash: dead letters by id. */
  readonly letters: string;
  /** sorted set: unacknowledged ids of a partition, by when they may be claimed. */
  due(partition: number): string;
  /** hash: unacknowledged id to `nonce deliveries consumer`. */
  held(partition: number): string;
}

const PATTERN = "line-streams";

export function topicKeys({ instance, tenant }: StreamSpace, topic: string): TopicKeys {
  const space = { instance, pattern: PATTERN, node: null, tenant };
  const base = storeKey(space, topic);
  return {
    topics: storeKey(space),
    topic: `${base}:topic`,
    stream: (partition) => `${base}:stream:${partition}`,
    mark: (partition) => `${base}:mark:${partition}`,
    group: (group) => groupKeys(storeKey(space, topic, "group", group)),
    operation: (id) => `${base}:operation:${id}`,
  };
}

function groupKeys(base: string): GroupKeys {
  return {
    group: base,
    dead: `${base}:dead`,
    letters: `${base}:letters`,
    due: (partition) => `${base}:due:${partition}`,
    held: (partition) => `${base}:held:${partition}`,
  };
}
