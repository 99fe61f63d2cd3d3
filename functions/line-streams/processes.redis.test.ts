import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, it } from "vitest";
import { dice } from "../../local/faults/dice.ts";
import { startTestRedis, type TestRedis } from "../../local/testing/stores.ts";
import {
  startWorkerProcesses,
  type WorkerProcesses,
} from "../../local/testing/worker-processes.ts";
import { topicKeys } from "../../shared/streams/keys.ts";
import { type HistoryEvent, violations } from "./testing/history.ts";

/** `STREAM_MESSAGES=100000 npx vitest run --project node functions/line-streams/processes` for the long run. */
const MESSAGES = Number(process.env["STREAM_MESSAGES"] ?? 5_000);
const RUN_MS_MAX = 20_000 + MESSAGES * 5;
const KEY = "key";
const TOPIC = "work";
const PARTITIONS = 4;
const KEYS = Math.ceil(MESSAGES / 50);
const MAX_DELIVERIES = 4;
const CONSUMERS = 3;
const BATCH = 100;
const CONSUMER = join(import.meta.dirname, "../../local/testing/stream-consumer.ts");

let redis: TestRedis;
let direct: Redis;
let workers: WorkerProcesses;

beforeAll(async () => {
  redis = await startTestRedis();
  direct = new Redis(redis.port);
  const sha256 = createHash("sha256").update(KEY).digest("hex");
  const apiKeys = [{ id: "k", sha256, tenant: "t", scopes: ["read", "write", "admin"] }];
  const bindings = {
    INSTANCE: "i",
    UPSTASH_REDIS_REST_URL: redis.url,
    UPSTASH_REDIS_REST_TOKEN: redis.token,
    API_KEYS: JSON.stringify(apiKeys),
  };
  workers = await startWorkerProcesses(bindings, [{}]);
}, 120_000);

afterAll(async () => {
  direct.disconnect();
  await workers.stop();
  await redis.stop();
});

async function call(method: string, path: string, body?: object, idempotencyKey?: string) {
  const reply = await fetch(`${workers.urls[0]}/line-streams/topics/${TOPIC}${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${KEY}`,
      "Content-Type": "application/json",
      ...(idempotencyKey === undefined ? {} : { "Idempotency-Key": idempotencyKey }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  return { status: reply.status, body: text === "" ? null : JSON.parse(text) };
}

/** Consumers of one group; one of them is killed now and then, and another takes its place. */
function startConsumers(group: string) {
  const events: HistoryEvent[] = [];
  const running: ChildProcess[] = [];
  let started = 0;
  let killed = 0;
  const start = () => {
    started += 1;
    const url = `${workers.urls[0]}/line-streams/topics/${TOPIC}/groups/${group}`;
    const config = { url, key: KEY, consumer: `c${started}` };
    const child = fork(CONSUMER, {
      env: { ...process.env, STREAM_CONSUMER: JSON.stringify(config) },
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    });
    running.push(child);
    if (child.stdout === null) throw new Error("a consumer speaks");
    createInterface({ input: child.stdout }).on("line", (line) => {
      // A line that a kill has cut off was never said.
      if (line.endsWith("}")) events.push(JSON.parse(line));
    });
  };
  for (let i = 0; i < CONSUMERS; i += 1) start();
  return {
    events,
    killed: () => killed,
    kill(which: number) {
      const [victim] = running.splice(which % running.length, 1);
      victim?.kill("SIGKILL");
      killed += 1;
      start();
    },
    stop() {
      for (const child of running) child.kill("SIGKILL");
    },
  };
}

async function produceAll(): Promise<HistoryEvent[]> {
  const random = dice(3);
  const events: HistoryEvent[] = [];
  for (let from = 0; from < MESSAGES; from += BATCH) {
    const messages = Array.from({ length: BATCH }, (_, at) => ({
      key: `k${Math.floor(random() * KEYS)}`,
      payload: `m${from + at}${(from + at) % 250 === 7 ? "!" : ""}`,
    }));
    const startMs = Date.now();
    for (let status = 0; status !== 201; ) {
      ({ status } = await call("POST", "/messages", { messages }, `batch-${from}`));
    }
    const span = { startMs, endMs: Date.now() + 1, isAnswered: true };
    for (const message of messages) events.push({ kind: "produced", ...message, ...span });
    await sleep(1);
  }
  return events;
}

interface Standing {
  readonly group: string;
  readonly lag: number;
  readonly pending: number;
}

async function isQuiet(): Promise<boolean> {
  const { status, body } = await call("GET", "/stats");
  if (status !== 200) return false;
  return body.groups.every(({ lag, pending }: Standing) => lag === 0 && pending === 0);
}

async function lettersOf(group: string) {
  const found: { payload: string; deliveries: number }[] = [];
  for (let cursor = ""; ; ) {
    const { body } = await call("GET", `/groups/${group}/dead-letters${cursor}`);
    found.push(...body.deadLetters);
    if (body.cursor === null) return found;
    cursor = `?cursor=${body.cursor}`;
  }
}

async function storedPayloads(): Promise<string[]> {
  const keys = topicKeys({ instance: "i", tenant: "t" }, TOPIC);
  const payloads: string[] = [];
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const entries = await direct.xrange(keys.stream(partition), "-", "+");
    for (const [, fields] of entries) payloads.push(JSON.parse(fields[1] ?? "null"));
  }
  return payloads;
}

/** Without what was written before the answer came, where one came. */
function answered(events: readonly HistoryEvent[]): HistoryEvent[] {
  const settlings = events.filter((event) => event.kind === "settled");
  const known = new Set(
    settlings
      .filter(({ status }) => status !== null)
      .map(({ what, receipt }) => `${what} ${receipt}`),
  );
  return events.filter(
    (event) =>
      event.kind !== "settled" ||
      event.status !== null ||
      !known.has(`${event.what} ${event.receipt}`),
  );
}

describe("consumers in processes that are killed at random, over a network that loses answers", () => {
  it(
    `get each of ${MESSAGES} messages, in order where that is asked, and leave no other trace`,
    async ({ expect }) => {
      await call("PUT", "", { partitions: PARTITIONS });
      const definition = { from: "earliest", visibilityMs: 1_000, maxDeliveries: MAX_DELIVERIES };
      const groups = { loose: false, strict: true };
      for (const [group, ordered] of Object.entries(groups)) {
        await call("PUT", `/groups/${group}`, { ...definition, ordered });
      }
      const lost = { target: "main", kind: "drop-response" } as const;
      redis.faults.add({ ...lost, command: "EVALSHA", probability: 0.02, seed: 5 });
      const consumers = Object.keys(groups).map((group) => ({ group, ...startConsumers(group) }));
      const random = dice(11);
      const endsAtMs = Date.now() + RUN_MS_MAX;
      try {
        let isProduced = false;
        const producing = produceAll().finally(() => {
          isProduced = true;
        });
        while (Date.now() < endsAtMs && !(isProduced && (await isQuiet()))) {
          await sleep(250);
          const isLate = Date.now() > endsAtMs - RUN_MS_MAX / 2;
          for (const { kill } of consumers)
            if (!isLate && random() < 0.5) kill(Math.floor(random() * 9));
        }
        redis.faults.clear();
        for (const { stop } of consumers) stop();
        const stored = await storedPayloads();
        const end = { maxDeliveries: MAX_DELIVERIES, stored, isQuiet: await isQuiet() };
        for (const { group, events: seen, killed } of consumers) {
          const letters = await lettersOf(group);
          const isOrdered = group === "strict";
          const events = [...(await producing), ...answered(seen)];
          const history = { events, isOrdered, letters, ...end };
          expect(violations(history).slice(0, 10), group).toEqual([]);
          expect(end.isQuiet, group).toBe(true);
          expect(letters.filter(({ payload }) => payload.endsWith("!")).length).toBe(
            MESSAGES / 250,
          );
          expect(killed()).toBeGreaterThan(3);
        }
        expect(stored.length).toBe(MESSAGES);
      } finally {
        for (const { stop } of consumers) stop();
      }
    },
    RUN_MS_MAX + 60_000,
  );
});
