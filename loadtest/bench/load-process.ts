/**
 * @module
 * The bench's load generator, a process of its own: so many connections, each sends its next request when
 * the answer to the last one is complete.
 *
 * undici's `Client` costs about 25 microseconds of CPU a request, with a real HTTP parser and keep-alive; k6
 * costs ten times as much and would be most of what two cores can do. The generator's own use is
 * measured and reported with every load.
 */
import { pathToFileURL } from "node:url";
import { Client } from "undici";
import type { BenchReply, BenchRequest, BenchRow } from "./row.ts";

export interface LoadOrder {
  readonly id: number;
  readonly rowPath: string;
  readonly origin: string;
  readonly key: string;
  readonly runId: string;
  readonly connections: number;
  readonly seconds: number;
  /** First index of the requests; loads of one run never share an index. */
  readonly firstIndex: number;
  /** Also judge the meaning of some answers, not only their status. */
  readonly isJudged: boolean;
  /** What the row has obtained of the Worker for its requests. */
  readonly obtained: readonly string[];
}

export interface LoadResult {
  readonly id: number;
  readonly answered: number;
  /** Answers with another status than 200 or 201, failed exchanges, and wrong answers. */
  readonly failed: number;
  /** What the first of them was. */
  readonly failure: string | null;
  readonly durationMs: number;
  /** CPU time of this process. */
  readonly cpuMs: number;
}

/** Judging an answer costs time that only one side would pay; one in so many is enough to notice. */
const JUDGED_EVERY = 64;
const SUCCESS: ReadonlySet<number> = new Set([200, 201]);
const REQUEST_TIMEOUT_MS = 15_000;

process.on("message", (order: LoadOrder) => {
  void load(order).then((result) => process.send?.(result));
});
process.on("disconnect", () => process.exit(0));

async function load(order: LoadOrder): Promise<LoadResult> {
  const { row }: { readonly row: BenchRow } = await import(pathToFileURL(order.rowPath).href);
  const state = { answered: 0, failed: 0, failure: null as string | null, next: order.firstIndex };
  const startedCpu = process.cpuUsage();
  const startMs = performance.now();
  const endMs = startMs + order.seconds * 1_000;
  const fail = (why: string) => {
    state.failed += 1;
    state.failure ??= why;
  };
  const connection = async () => {
    const client = new Client(order.origin, { pipelining: 1, bodyTimeout: REQUEST_TIMEOUT_MS });
    while (performance.now() < endMs) {
      const index = state.next;
      state.next += 1;
      let request: BenchRequest | null = row.request(order.runId, index, order.obtained);
      try {
        while (request !== null) {
          const reply: BenchReply = await exchange(client, order, request);
          state.answered += 1;
          if (!SUCCESS.has(reply.status)) {
            fail(`status ${reply.status}: ${reply.text.slice(0, 200)}`);
          } else if (order.isJudged && index % JUDGED_EVERY === 0 && !row.isRight(reply)) {
            fail(`a wrong answer: ${reply.text.slice(0, 200)}`);
          }
          request = row.next?.(order.runId, index, reply) ?? null;
        }
      } catch (error) {
        fail(String(error));
      }
    }
    await client.close();
  };
  await Promise.all(Array.from({ length: order.connections }, connection));
  const durationMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(startedCpu);
  const { answered, failed, failure } = state;
  return { id: order.id, answered, failed, failure, durationMs, cpuMs: (user + system) / 1_000 };
}

async function exchange(
  client: Client,
  { key, origin }: LoadOrder,
  { method, path, headers, body }: BenchRequest,
): Promise<BenchReply> {
  const { statusCode, body: stream } = await client.request({
    method,
    path,
    headers: {
      ...headers,
      ...(headers?.["cookie"] ? { origin } : { authorization: `Bearer ${key}` }),
    },
    body: body ?? null,
  });
  return { status: statusCode, text: await stream.text() };
}
