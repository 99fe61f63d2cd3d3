/**
 * @module
 * A redis-server with redis-http in front, for the tests of this folder.
 */
import { Redis as RestClient } from "@upstash/redis";
import { Redis } from "ioredis";
import type { FaultEngine } from "../faults/engine.ts";
import { startRedisServer } from "../testing/redis-server.ts";
import { type RedisHttp, startRedisHttp } from "./server.ts";

export const TOKEN = "standard-token";
export const READ_ONLY_TOKEN = "read-only-token";
export const NODE = "main";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** `text` parsed; throws when it is not JSON. */
  json(): unknown;
}

export interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly token?: string;
}

export interface Fixture {
  readonly url: string;
  readonly http: RedisHttp;
  /** A RESP connection of the test's own, past redis-http. */
  readonly redis: Redis;
  readonly server: { readonly port: number; readonly pid: number; kill(): Promise<void> };
  /** A plain request. With `command`, that command as a JSON body. */
  ask(asked: Asked): Promise<Answer>;
  command(...command: readonly unknown[]): Promise<Answer>;
  /** The SDK as users have it, but for retries, which would hide what is tested. */
  client(): RestClient;
  stop(): Promise<void>;
}

export async function startFixture(
  options: { readonly faults?: FaultEngine } = {},
): Promise<Fixture> {
  const server = await startRedisServer();
  const http = await startRedisHttp({
    nodes: [
      {
        id: NODE,
        redis: { host: "127.0.0.1", port: server.port },
        port: 0,
        token: TOKEN,
        readOnlyToken: READ_ONLY_TOKEN,
      },
    ],
    ...options,
  });
  const url = http.nodes.get(NODE)?.url ?? "";
  const redis = new Redis({ host: "127.0.0.1", port: server.port, lazyConnect: true });
  redis.on("error", () => undefined);
  const ask = (asked: Asked) => request(url, asked);
  return {
    url,
    http,
    redis,
    server,
    ask,
    command: (...command) => ask({ body: JSON.stringify(command) }),
    client: () =>
      new RestClient({
        url,
        token: TOKEN,
        enableTelemetry: false,
        retry: { retries: 0 },
      }),
    stop: async () => {
      redis.disconnect();
      await http.close();
      await server.stop();
    },
  };
}

async function request(url: string, asked: Asked): Promise<Answer> {
  const { method = "POST", path = "/", headers = {}, body, token = TOKEN } = asked;
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { ...(token === "" ? {} : { authorization: `Bearer ${token}` }), ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: () => JSON.parse(text) as unknown,
  };
}
