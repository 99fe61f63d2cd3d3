/**
 * @module
 * Producers and consumers that work on one topic in this process, die at random, and write down what they see.
 */
import { UpstreamError } from "../../../shared/kernel/errors.ts";
import { type Random, sleep } from "../../../shared/kernel/time.ts";
import { messageId } from "../message-id.ts";
import type { Delivery } from "../poll.ts";
import { encodeReceipt } from "../receipt.ts";
import type { ReceiptStatus } from "../settle.ts";
import { ACK, type Calls, createCalls, GROUP, nack } from "./calls.ts";
import type { History, HistoryEvent, SettledEvent } from "./history.ts";
import type { Stand } from "./stand.ts";

export interface WorkloadOptions {
  readonly messages: number;
  readonly consumers: number;
  readonly keys: number;
  readonly isOrdered: boolean;
  readonly maxDeliveries: number;
  readonly maxLength?: number;
  readonly random: Random;
  readonly waitMs?: number;
  /** Chance that a consumer forgets what it was handed. */
  readonly dies: number;
  /** Chance that it puts a message back, and then tries to acknowledge it all the same. */
  readonly putsBack: number;
}

const BATCH = 10;
const POLL = 10;
const VISIBILITY_MS = 1_000;
/** Quiet for so long, everything that is still to come due has come. */
const QUIET_MS = 1_600;
const RUN_MS_MAX = 45_000;

export async function runWorkload(stand: Stand, options: WorkloadOptions): Promise<History> {
  const { isOrdered, maxDeliveries, maxLength = null } = options;
  const calls = createCalls(stand);
  const topic = await calls.newTopic({ partitions: 2, maxLength });
  await calls.newGroup(topic, { ordered: isOrdered, maxDeliveries, visibilityMs: VISIBILITY_MS });
  const events: HistoryEvent[] = [];
  const run = {
    calls,
    topic,
    options,
    events,
    isProduced: false,
    busyAtMs: now(),
    endsAtMs: now() + RUN_MS_MAX,
  };
  const consuming = Promise.all(
    Array.from({ length: options.consumers }, (_, which) => consumeAll(run, `c${which}`)),
  );
  await produceAll(run);
  run.isProduced = true;
  run.busyAtMs = now();
  const isQuiet = (await consuming).every(Boolean);
  await stand.settled();
  const { stored, letters } = await remains(stand, topic);
  return {
    events,
    isOrdered,
    maxDeliveries,
    stored: maxLength === null ? stored : null,
    letters,
    isQuiet,
  };
}

interface Run {
  readonly calls: Calls;
  readonly topic: string;
  readonly options: WorkloadOptions;
  readonly events: HistoryEvent[];
  isProduced: boolean;
  /** When somebody last got something. */
  busyAtMs: number;
  readonly endsAtMs: number;
}

const now = () => performance.now();

async function produceAll({ calls, topic, options, events }: Run): Promise<void> {
  const { messages, keys, random } = options;
  for (let from = 0; from < messages; from += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, messages - from) }, (_, at) => ({
      key: `k${Math.floor(random() * keys)}`,
      payload: `m${from + at}`,
    }));
    for (let isDone = false; !isDone; ) {
      const startMs = now();
      const answer = await answerOf(
        calls.produce(
          topic,
          batch.map(({ key, payload }) => [key, payload] as const),
          { key: `batch-${from}` },
        ),
      );
      isDone = answer?.kind === "appended";
      if (!isDone) await sleep(20);
      const span = { startMs, endMs: now(), isAnswered: true };
      if (isDone) for (const one of batch) events.push({ kind: "produced", ...one, ...span });
    }
  }
}

/** Whether nothing came any more; false when the time was up before. */
async function consumeAll(run: Run, name: string): Promise<boolean> {
  const { calls, topic, options, events } = run;
  const { random, waitMs = 0 } = options;
  for (let lives = 0; now() < run.endsAtMs; ) {
    const startMs = now();
    const consumer = `${name}-${lives}`;
    const polled = await answerOf(calls.poll(topic, { consumer, max: POLL, waitMs }));
    const messages = polled?.kind === "messages" ? polled.messages : [];
    if (polled !== null) {
      const seen = messages.map(seenOf);
      const hasWaited = waitMs > 0;
      events.push({
        kind: "delivered",
        consumer,
        hasWaited,
        messages: seen,
        startMs,
        endMs: now(),
      });
    }
    if (messages.length > 0) run.busyAtMs = now();
    else if (run.isProduced && now() - run.busyAtMs > QUIET_MS) return true;
    else await sleep(10);
    if (messages.length > 0 && random() < options.dies) {
      lives += 1;
      continue;
    }
    await settleAll(run, messages);
  }
  return false;
}

async function settleAll({ calls, topic, options, events }: Run, messages: readonly Delivery[]) {
  const { random, putsBack } = options;
  const back = messages.filter(() => random() < putsBack);
  const done = messages.filter((message) => !back.includes(message));
  const settle = async (what: "ack" | "nack", some: readonly Delivery[]) => {
    if (some.length === 0) return;
    const startMs = now();
    const settlement = what === "ack" ? ACK : nack();
    const statuses = await answerOf(calls.settle(topic, some, settlement));
    const span = { startMs, endMs: now() };
    for (const [which, message] of some.entries()) {
      events.push(settledOf(what, message, statuses?.[which] ?? null, span));
    }
  };
  await settle("nack", back);
  await settle("ack", done);
  await sleep(random() * 5);
  // A consumer that does not know what it did.
  await settle("ack", back);
}

function settledOf(
  what: "ack" | "nack",
  message: Delivery,
  status: ReceiptStatus | null,
  span: { readonly startMs: number; readonly endMs: number },
): SettledEvent {
  const payload = String(JSON.parse(message.payload));
  return { kind: "settled", what, payload, receipt: encodeReceipt(message), status, ...span };
}

export function seenOf(message: Delivery) {
  return {
    id: messageId(message),
    payload: String(JSON.parse(message.payload)),
    deliveries: message.deliveries,
    receipt: encodeReceipt(message),
  };
}

/** Null where nobody can say what became of it. */
async function answerOf<Reply>(call: Promise<Reply>): Promise<Reply | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof UpstreamError) return null;
    throw error;
  }
}

async function remains(stand: Stand, topic: string) {
  const { redis } = stand.request();
  const keys = stand.keys(topic);
  const stored: string[] = [];
  for (const partition of [0, 1]) {
    const entries = await redis.command(["XRANGE", keys.stream(partition), "-", "+"]);
    for (const [, fields] of entries as [string, string[]][]) {
      stored.push(String(JSON.parse(fields[1] ?? "null")));
    }
  }
  const letters = await redis.command(["HVALS", keys.group(GROUP).letters]);
  return {
    stored,
    letters: (letters as string[]).map((letter) => {
      const [deliveries, , , , payload] = JSON.parse(letter) as [number, ...string[]];
      return { deliveries, payload: String(JSON.parse(payload ?? "null")) };
    }),
  };
}
