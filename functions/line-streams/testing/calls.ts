/**
 * @module
 * Calls of the pattern in the short form that tests read best in.
 */
import { type Consumed, consume } from "../consume.ts";
import type { GroupDefinition } from "../group.ts";
import { putGroup } from "../groups.ts";
import type { Delivery } from "../poll.ts";
import { type NewMessage, type Produced, produce } from "../produce.ts";
import { type ReceiptStatus, type Settlement, settle } from "../settle.ts";
import type { TopicDefinition } from "../topic.ts";
import { putTopic } from "../topics.ts";
import type { Stand } from "./stand.ts";

export const GROUP = "group";

export interface PollOptions {
  readonly consumer?: string;
  readonly group?: string;
  readonly max?: number;
  readonly waitMs?: number;
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

/** Anything with a payload: `"a"`, or `["key", "a"]`. */
export type Short = string | readonly [key: string, payload: string];

export function createCalls(stand: Stand) {
  const poll = (topic: string, options: PollOptions = {}): Promise<Consumed> => {
    const { consumer = "ann", group = GROUP, max = 100, waitMs = 0, deadlineMs = 5_000 } = options;
    const access = stand.request({ deadlineMs: deadlineMs + waitMs });
    const { signal = new AbortController().signal } = options;
    return consume(access, { topic, group, consumer, max, waitMs }, signal);
  };
  return {
    poll,

    /** A topic that no other test has. */
    async newTopic(definition: Partial<TopicDefinition> = {}): Promise<string> {
      const name = `topic-${crypto.randomUUID()}`;
      const wanted = { partitions: 1, maxLength: null, retentionMs: null, ...definition };
      const { kind } = await putTopic(stand.request(), name, wanted);
      if (kind !== "created") throw new Error(`the topic is ${kind}`);
      return name;
    },

    async newGroup(
      topic: string,
      definition: Partial<GroupDefinition> & { readonly name?: string } = {},
    ): Promise<void> {
      const { name = GROUP, ...rest } = definition;
      const wanted = { from: "earliest", visibilityMs: 1_000, maxDeliveries: 3, ordered: false };
      const { kind } = await putGroup(stand.request(), topic, name, { ...wanted, ...rest });
      if (kind !== "created") throw new Error(`the group is ${kind}`);
    },

    produce(
      topic: string,
      messages: readonly Short[],
      { key = null, deadlineMs = 5_000 }: { key?: string | null; deadlineMs?: number } = {},
    ): Promise<Produced> {
      return produce(stand.request({ deadlineMs }), topic, messages.map(messageOf), key);
    },

    /** The messages there are; throws when the poll was refused. */
    async take(topic: string, options: PollOptions = {}): Promise<readonly Delivery[]> {
      const polled = await poll(topic, options);
      if (polled.kind !== "messages") throw new Error(`cannot poll: ${polled.kind}`);
      return polled.messages;
    },

    async settle(
      topic: string,
      messages: readonly Delivery[],
      settlement: Settlement,
      group = GROUP,
    ): Promise<readonly ReceiptStatus[]> {
      const reply = await settle(stand.request(), { topic, group }, messages, settlement);
      if (reply.kind !== "settled") throw new Error(`cannot settle: ${reply.kind}`);
      return reply.statuses;
    },
  };
}

export type Calls = ReturnType<typeof createCalls>;

function messageOf(short: Short): NewMessage {
  const [key, text] = typeof short === "string" ? [null, short] : short;
  return { key, payload: JSON.stringify(text) };
}

/** `payload deliveries` of each. */
export function told(messages: readonly Delivery[]): string[] {
  return messages.map(({ payload, deliveries }) => `${JSON.parse(payload)} ${deliveries}`);
}

export function payloadsOf(messages: readonly Delivery[]): string[] {
  return messages.map(({ payload }) => String(JSON.parse(payload)));
}

export const ACK: Settlement = { kind: "ack" };
export const nack = (delayMs = 0): Settlement => ({ kind: "nack", delayMs });
export const extend = (visibilityMs: number): Settlement => ({ kind: "extend", visibilityMs });
