/** The topic that the rows of line-streams share: four partitions, one group that reads everything. */
import { type BenchCaller, type BenchRequest, expectStatus } from "./row.ts";

const topicPath = (runId: string): string => `/line-streams/topics/bench-${runId}`;
const groupPath = (runId: string): string => `${topicPath(runId)}/groups/work`;

const KEYS = 100;
const HEADERS = { "content-type": "application/json" };

/** So long that the bench trims, and as long as a message may be anybody's. */
const TOPIC = { partitions: 4, maxLength: 100_000 };
const GROUP = { from: "earliest", visibilityMs: 60_000, maxDeliveries: 100 };

function post(path: string, body: object, headers: object = {}): BenchRequest {
  return { method: "POST", path, headers: { ...HEADERS, ...headers }, body: JSON.stringify(body) };
}

export function produceRequest(runId: string, index: number): BenchRequest {
  const headers = { "idempotency-key": `bench-${runId}-${index}` };
  const body = { key: `key-${index % KEYS}`, payload: { index, text: "a message of some length" } };
  return post(`${topicPath(runId)}/messages`, body, headers);
}

export async function createTopic(call: BenchCaller, runId: string): Promise<void> {
  const body = JSON.stringify(TOPIC);
  const topic = await call({ method: "PUT", path: topicPath(runId), headers: HEADERS, body });
  expectStatus(topic, [200, 201], "creating a topic");
}

/** One message goes round, so that Redis knows the scripts: the floor runs them by their hashes only. */
export async function createGroup(call: BenchCaller, runId: string): Promise<void> {
  const body = JSON.stringify(GROUP);
  const path = groupPath(runId);
  expectStatus(
    await call({ method: "PUT", path, headers: HEADERS, body }),
    [200, 201],
    "creating a group",
  );
  expectStatus(await call(produceRequest(runId, 0)), [201], "producing");
  const polled = await call(pollRequest(runId, 0));
  expectStatus(polled, [200], "polling");
  const ack = ackRequest(runId, polled.text);
  if (ack === null) throw new Error("the poll found nothing");
  expectStatus(await call(ack), [200], "acknowledging");
}

const CONSUMERS = 64;

export function pollRequest(runId: string, index: number): BenchRequest {
  const body = { consumer: `consumer-${index % CONSUMERS}`, max: 1, waitMs: 0 };
  return post(`${groupPath(runId)}/poll`, body);
}

/** Acknowledges what a poll was answered; null when that was nothing. */
export function ackRequest(runId: string, polled: string): BenchRequest | null {
  const { messages }: { readonly messages: readonly { readonly receipt: string }[] } =
    JSON.parse(polled);
  if (messages.length === 0) return null;
  return post(`${groupPath(runId)}/ack`, { receipts: messages.map(({ receipt }) => receipt) });
}
