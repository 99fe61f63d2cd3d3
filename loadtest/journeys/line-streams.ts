/**
 * @module
 * Streams under load: half produces, a quarter polls, a quarter acknowledgements, on one topic. Every reply
 * is judged by its meaning; at the end a second group must have every message once, in order per key, and
 * the first must have nothing left.
 */
import exec from "k6/execution";
import type { JourneyMeta } from "../protocol/journey-meta.ts";
import { type Finding, type Observation, VIOLATIONS_MAX } from "../protocol/lines.ts";
import type { Call, Client, Reply } from "./lib/client.ts";
import { isObject, require, wrongStatus } from "./lib/expect.ts";
import { defineJourney, type Run } from "./lib/journey.ts";
import { isBehind, type Message, messageViolations, step } from "./models/messages.ts";

export const meta = {
  pattern: "line-streams",
  workload:
    "50 % produces of one message, 25 % polls of up to 20, 25 % acknowledgements of what was polled; 200 keys chosen by Zipf 0.99, four partitions, two groups",
  verifies:
    "a group that nobody read has every message once and in order per key, and the group that was read has nothing left and no dead letter",
  consistency: "session",
  operations: [
    { id: "produce", label: "Produce a message", kind: "write", share: 0.5, storeCommands: 7 },
    { id: "poll", label: "Poll", kind: "write", share: 0.25, storeCommands: 24 },
    { id: "ack", label: "Acknowledge", kind: "write", share: 0.25, storeCommands: 22 },
  ],
  sideRequests: 1_300,
  sideCommands: 120_000,
} as const satisfies JourneyMeta;

const SHARES = meta.operations.map((operation) => operation.share);
const [PRODUCE, POLL, ACK] = [0, 1, 2] as const;

const PARTITIONS = 4;
const POLL_MAX = 20;
const PAGE = 100;
const RECEIPTS_MAX = 100;
/** Nothing comes due within a load, so that no message is handed out twice in it. */
const WORK = { from: "earliest", visibilityMs: 3_600_000, maxDeliveries: 10 };
const AUDIT = { from: "earliest", visibilityMs: 60_000, maxDeliveries: 10, ordered: true };

const topicPath = (run: Run) => `/line-streams/topics/lab-${run.id}`;
const groupPath = (run: Run, group: "work" | "audit") => `${topicPath(run)}/groups/${group}`;

export const { options, setup, run, teardown, handleSummary } = defineJourney({
  meta,
  setup: prepare,
  request,
  verify,
  // Needs the scope `admin`.
  cleanUp(service, run) {
    service.sendAll([{ method: "DELETE", path: topicPath(run) }]);
  },
});

function prepare(service: Client, run: Run): Observation[] {
  const puts = [
    { path: topicPath(run), body: { partitions: PARTITIONS } },
    { path: groupPath(run, "work"), body: WORK },
    { path: groupPath(run, "audit"), body: AUDIT },
  ];
  for (const { path, body } of puts) {
    const [put] = service.sendAll([{ method: "PUT", path, body }]);
    require(put, [200, 201], `creating ${path}`);
  }
  return [];
}

/** What this virtual user holds, and how far it has come on each partition. */
const held: string[] = [];
const lastIdOn = new Map<number, string>();
const partitionOf = new Map<string, number>();

function request(service: Client, run: Run, index: number) {
  const { operation: drawn, key } = step(run.seed, index, SHARES);
  const operation = drawn === ACK && held.length === 0 ? POLL : drawn;
  if (operation === PRODUCE) return produce(service, run, index, key);
  return operation === POLL ? poll(service, run) : acknowledge(service, run);
}

function produce(service: Client, run: Run, index: number, key: string) {
  const reply = service.send({
    method: "POST",
    path: `${topicPath(run)}/messages`,
    body: { key, payload: { index, key } },
    idempotencyKey: `lab-${run.id}-${index}`,
  });
  const operation = PRODUCE;
  const wrong = wrongStatus(reply, [201]);
  if (wrong !== null) return { operation, reply, wrong };
  const body = reply.json();
  const partition = isObject(body) ? body["partition"] : null;
  if (typeof partition !== "number") {
    return { operation, reply, wrong: "wrong_answer: no partition" };
  }
  const known = partitionOf.get(key) ?? partition;
  partitionOf.set(key, partition);
  const moved =
    known === partition ? null : `wrong_partition: ${key} is on ${known} and ${partition}`;
  return { operation, reply, wrong: moved };
}

function poll(service: Client, run: Run) {
  const consumer = `vu-${exec.vu.idInTest}`;
  const reply = service.send({
    method: "POST",
    path: `${groupPath(run, "work")}/poll`,
    body: { consumer, max: POLL_MAX, waitMs: 0 },
  });
  const operation = POLL;
  const wrong = wrongStatus(reply, [200]);
  if (wrong !== null) return { operation, reply, wrong };
  const messages = messagesOf(reply);
  if (messages === null) return { operation, reply, wrong: "wrong_answer: no messages" };
  for (const { receipt } of messages) held.push(receipt);
  return { operation, reply, wrong: judgePoll(run, messages) };
}

interface Delivered extends Message {
  readonly deliveries: number;
  readonly receipt: string;
}

function judgePoll(run: Run, messages: readonly Delivered[]): string | null {
  if (messages.length > POLL_MAX) return `wrong_page: ${messages.length} messages`;
  for (const { id, partition, key, index, deliveries } of messages) {
    const wanted = step(run.seed, index, SHARES);
    if (wanted.operation !== PRODUCE || wanted.key !== key) return `wrong_message: ${id}`;
    if (deliveries !== 1) return `handed_out_twice: ${id} is delivery ${deliveries}`;
    const last = lastIdOn.get(partition);
    if (last !== undefined && !isBehind(id, last)) return `wrong_order: ${id} came after ${last}`;
    lastIdOn.set(partition, id);
  }
  return null;
}

function acknowledge(service: Client, run: Run) {
  const receipts = held.splice(0, RECEIPTS_MAX);
  const reply = service.send(ackCall(run, "work", receipts));
  const operation = ACK;
  const wrong = wrongStatus(reply, [200]);
  if (wrong !== null) return { operation, reply, wrong };
  const settled = statusesOf(reply);
  const isWhole = settled.length === receipts.length && settled.every((status) => status === "ok");
  return { operation, reply, wrong: isWhole ? null : `wrong_answer: ${settled.join(" ")}` };
}

function ackCall(run: Run, group: "work" | "audit", receipts: readonly string[]): Call {
  return { method: "POST", path: `${groupPath(run, group)}/ack`, body: { receipts } };
}

function verify(service: Client, run: Run) {
  const expected = { seed: run.seed, requests: run.requests, shares: SHARES, produced: PRODUCE };
  const audited = drain(service, run, "audit");
  const releases = consumersOf(service, run).map(
    (consumer): Call => ({
      method: "DELETE",
      path: `${groupPath(run, "work")}/consumers/${consumer}`,
    }),
  );
  service.sendAll(releases);
  drain(service, run, "work");
  const findings: Finding[] = [
    {
      name: "every message is there once, under its key and in order",
      checked: audited.length,
      violations: messageViolations(expected, audited).slice(0, VIOLATIONS_MAX),
    },
    {
      name: "nothing is left undelivered, unacknowledged or dead",
      checked: 2,
      violations: leftovers(service, run).slice(0, VIOLATIONS_MAX),
    },
  ];
  return { findings, final: [] };
}

/** Takes and acknowledges what a group still has, until there is nothing. */
function drain(service: Client, run: Run, group: "work" | "audit"): Delivered[] {
  const drained: Delivered[] = [];
  for (;;) {
    const body = { consumer: "teardown", max: PAGE, waitMs: 0 };
    const [polled] = service.sendAll([
      { method: "POST", path: `${groupPath(run, group)}/poll`, body },
    ]);
    const messages = polled === undefined ? null : messagesOf(polled);
    if (messages === null || messages.length === 0) return drained;
    drained.push(...messages);
    const receipts = messages.map(({ receipt }) => receipt);
    service.sendAll([ackCall(run, group, receipts)]);
  }
}

function groupStats(service: Client, run: Run): Record<string, unknown>[] {
  const [reply] = service.sendAll([{ method: "GET", path: `${topicPath(run)}/stats` }]);
  const body = reply?.json();
  const groups = isObject(body) ? body["groups"] : null;
  return Array.isArray(groups) ? groups.filter(isObject) : [];
}

function consumersOf(service: Client, run: Run): string[] {
  const work = groupStats(service, run).find((stats) => stats["group"] === "work");
  const consumers = Array.isArray(work?.["consumers"]) ? work["consumers"] : [];
  return consumers.filter(isObject).map((consumer) => String(consumer["consumer"]));
}

function leftovers(service: Client, run: Run): string[] {
  const groups = groupStats(service, run);
  if (groups.length !== 2) return [`there are ${groups.length} groups`];
  return groups.flatMap((stats) =>
    ["lag", "pending", "dead"]
      .filter((what) => stats[what] !== 0)
      .map((what) => `group ${stats["group"]} has ${what} ${stats[what]}`),
  );
}

function messagesOf(reply: Reply): Delivered[] | null {
  const body = reply.json();
  const messages = isObject(body) ? body["messages"] : null;
  if (!Array.isArray(messages)) return null;
  const sound = messages.every(
    (message) =>
      isObject(message) &&
      typeof message["id"] === "string" &&
      typeof message["receipt"] === "string" &&
      isObject(message["payload"]),
  );
  if (!sound) return null;
  return messages.map((message) => ({ ...message, index: Number(message.payload.index) }));
}

function statusesOf(reply: Reply): string[] {
  const body = reply.json();
  const results = isObject(body) && Array.isArray(body["results"]) ? body["results"] : [];
  return results.map((result) => (isObject(result) ? String(result["status"]) : "none"));
}
