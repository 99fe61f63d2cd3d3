/**
 * @module
 * A consumer of line-streams as a process that can be killed at any instant: it polls, and settles what it
 * gets. Each line it writes is one event of a history; a line is written before anything is done that follows
 * from it.
 *
 * Messages whose payload ends in `!` are never acknowledged: they are put back until they are dead letters.
 */
import { writeSync } from "node:fs";

/** What the parent puts into `STREAM_CONSUMER`. */
export interface ConsumerConfig {
  /** Of the group. */
  readonly url: string;
  readonly key: string;
  readonly consumer: string;
}

interface Message {
  readonly id: string;
  readonly payload: string;
  readonly deliveries: number;
  readonly receipt: string;
}

const STDOUT = 1;
const POLL = { max: 50, waitMs: 1_000 };
const PAUSE_MS = 50;

const { STREAM_CONSUMER = "null" } = process.env;
const { url, key, consumer } = JSON.parse(STREAM_CONSUMER) as ConsumerConfig;

for (;;) await turn();

async function turn(): Promise<void> {
  const startMs = Date.now();
  const polled = await post<{ messages: Message[] }>("poll", { consumer, ...POLL });
  if (polled.status !== 200) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    return;
  }
  const { messages } = polled.body;
  if (messages.length === 0) return;
  say({ kind: "delivered", consumer, hasWaited: false, messages, startMs, endMs: Date.now() + 1 });
  const poisoned = messages.filter(({ payload }) => payload.endsWith("!"));
  await settle(
    "ack",
    messages.filter((message) => !poisoned.includes(message)),
  );
  await settle("nack", poisoned);
}

async function settle(what: "ack" | "nack", messages: readonly Message[]): Promise<void> {
  if (messages.length === 0) return;
  const startMs = Date.now();
  const about = ({ payload, receipt }: Message) => ({ kind: "settled", what, payload, receipt });
  // Whoever dies before the answer may have done it all the same.
  for (const message of messages) say({ ...about(message), status: null, startMs, endMs: startMs });
  const receipts = messages.map(({ receipt }) => receipt);
  const { status, body } = await post<{ results?: { status: string }[] }>(what, { receipts });
  const span = { startMs, endMs: Date.now() + 1 };
  for (const [which, message] of messages.entries()) {
    const settled = status === 409 ? "stale" : (body.results?.[which]?.status ?? null);
    say({ ...about(message), status: settled, ...span });
  }
}

function say(event: object): void {
  writeSync(STDOUT, `${JSON.stringify(event)}\n`);
}

async function post<Body>(call: string, body: object): Promise<{ status: number; body: Body }> {
  const reply = await fetch(`${url}/${call}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: reply.status, body: (await reply.json()) as Body };
}
