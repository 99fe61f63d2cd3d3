/**
 * @module
 * The pattern over HTTP as a test calls it; every reply must be one that its endpoint declares.
 */
import { checkDeclared } from "../../http/testing/declared.ts";
import { lineStreamsRoutes } from "../routes.ts";

export interface CallOptions {
  /** JSON text as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Fetcher {
  fetch(url: string, init: RequestInit): Promise<Response>;
}

const GROUP = { from: "earliest", visibilityMs: 1_000, maxDeliveries: 3 };

let topics = 0;

export function createHttpCalls(worker: Fetcher, key: string) {
  const newName = () => {
    topics += 1;
    return `worker-test-${Date.now()}-${topics}`;
  };
  const call = async (method: string, path: string, { body, headers = {} }: CallOptions = {}) => {
    const reply = await worker.fetch(`http://worker/line-streams/topics/${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await reply.text();
    const said = text === "" ? null : JSON.parse(text);
    const { status } = reply;
    checkDeclared(lineStreamsRoutes.routes, {
      method,
      path: `/topics/${path}`,
      status,
      body: said,
    });
    return { status, text, body: said, headers: reply.headers };
  };
  return {
    newName,
    call,
    async topicWithGroup(group: object = {}): Promise<string> {
      const topic = newName();
      await call("PUT", topic, { body: { partitions: 2 } });
      await call("PUT", `${topic}/groups/g`, { body: { ...GROUP, ...group } });
      return topic;
    },
    poll: (topic: string, body: object = {}) =>
      call("POST", `${topic}/groups/g/poll`, {
        body: { consumer: "ann", max: 100, waitMs: 0, ...body },
      }),
  };
}
